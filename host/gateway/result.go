package gateway

import (
	"bytes"
	"encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Caching of lists and of the server's description: whatever policy filters is nobody else's.
const (
	cacheScope = "private"
	cacheTTL   = 60_000 // milliseconds
)

// A result is JSON that leaves as it is.
type result struct {
	mcp.ResultBase
	raw json.RawMessage
}

func newResult(raw json.RawMessage) *result { return &result{raw: raw} }

// MarshalJSON implements json.Marshaler.
func (r *result) MarshalJSON() ([]byte, error) { return r.raw, nil }

// encode is json.Marshal without its escaping of <, > and &. Raw JSON keeps every token.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// A frame is what every result of the newer generation has, and none of the older one. Its metadata is always there, so
// that a result differs from its recorded form by the receipt alone.
type frame struct {
	Meta       frameMeta `json:"_meta"`
	ResultType string    `json:"resultType,omitempty"`
}

type frameMeta struct {
	ServerInfo json.RawMessage `json:"io.modelcontextprotocol/serverInfo,omitempty"`
}

func (x *exchange) frame() frame {
	if !x.modern {
		return frame{}
	}
	return frame{frameMeta{x.server.info}, "complete"}
}

// complete encodes a result of the library as the client will get it.
func (x *exchange) complete(r mcp.Result) (json.RawMessage, error) {
	if x.modern {
		if d, ok := r.(*mcp.DiscoverResult); ok {
			d.SetMeta(map[string]any{mcp.MetaKeyServerInfo: x.server.info})
			d.ResultType = "complete"
		}
	}
	return encode(r)
}
