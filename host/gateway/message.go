package gateway

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/host/strictjson"
)

// A message is one JSON-RPC message of a client, read strictly. A request has a valid id; a notification has a method
// and no id; a response has neither, since nobody here asked for it.
type message struct {
	id     jsonrpc.ID
	method string
	params json.RawMessage // a JSON object; nil: absent
	meta   metadata
}

// metadata is what the gateway itself reads of params._meta.
type metadata struct {
	version string // protocol version of a request that stands alone; "" in the older generation
	trace   trace
}

const (
	maxID     = 256       // bytes of a request's id, if it is a string
	maxNumber = 1<<53 - 1 // and its size, if it is a number
)

// methodName is what may enter the log as an action. Those of MCP are shorter.
var methodName = regexp.MustCompile(`^[A-Za-z0-9_$./-]{1,64}$`)

// parse reads one message. Errors are ready for the client; they hold none of its words but its id, where that could be
// read.
func parse(data []byte) (*message, *jsonrpc.Error) {
	if err := strictjson.Check(data); err != nil {
		return nil, fail(jsonrpc.CodeParseError, "the message is not strict JSON")
	}
	var wire struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Method  json.RawMessage `json:"method"`
		Params  json.RawMessage `json:"params"`
		Result  json.RawMessage `json:"result"`
		Error   json.RawMessage `json:"error"`
	}
	if bytes.TrimLeft(data, " \t\r\n")[0] == '[' {
		return nil, fail(jsonrpc.CodeInvalidRequest, "batches are not supported")
	}
	if err := strictjson.Decode(data, &wire); err != nil || wire.Version != "2.0" {
		return nil, fail(jsonrpc.CodeInvalidRequest, "not a JSON-RPC 2.0 message")
	}
	m := &message{params: wire.Params}
	var ok bool
	if m.id, ok = parseID(wire.ID); !ok {
		return nil, fail(jsonrpc.CodeInvalidRequest, "the id is neither a short string nor a whole number below 2^53")
	}
	if wire.Method == nil {
		if m.id.IsValid() && (wire.Result == nil) != (wire.Error == nil) && wire.Params == nil {
			return &message{}, nil
		}
		return nil, fail(jsonrpc.CodeInvalidRequest, "neither a request nor a response")
	}
	if wire.Result != nil || wire.Error != nil {
		return nil, fail(jsonrpc.CodeInvalidRequest, "both a request and a response")
	}
	if strictjson.Decode(wire.Method, &m.method) != nil || !methodName.MatchString(m.method) {
		return nil, fail(jsonrpc.CodeInvalidRequest, "bad method name")
	}
	if m.params != nil && m.params[0] != '{' {
		return nil, fail(jsonrpc.CodeInvalidRequest, "params is not an object")
	}
	m.meta = m.readMeta()
	return m, nil
}

// parseID returns an invalid id, and true, where there is none.
func parseID(raw json.RawMessage) (jsonrpc.ID, bool) {
	if raw == nil {
		return jsonrpc.ID{}, true
	}
	var v any
	if raw[0] == '"' {
		var s string
		if strictjson.Decode(raw, &s) != nil || len(s) > maxID {
			return jsonrpc.ID{}, false
		}
		v = s
	} else {
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil || n > maxNumber || n < -maxNumber {
			return jsonrpc.ID{}, false
		}
		v = float64(n)
	}
	id, err := jsonrpc.MakeID(v)
	return id, err == nil
}

// readMeta takes what it knows and leaves the rest to the library, which is strict about it.
func (m *message) readMeta() (out metadata) {
	var params, meta map[string]json.RawMessage
	if m.params == nil || strictjson.Decode(m.params, &params) != nil || params["_meta"] == nil {
		return out
	}
	if strictjson.Decode(params["_meta"], &meta) != nil {
		return out
	}
	if raw, ok := meta[mcp.MetaKeyProtocolVersion]; ok {
		if strictjson.Decode(raw, &out.version) != nil {
			out.version = "malformed"
		}
	}
	var parent string
	if strictjson.Decode(meta["traceparent"], &parent) == nil {
		out.trace = parseTrace(parent)
	}
	return out
}

func (m *message) isCall() bool { return m.id.IsValid() }

func (m *message) isResponse() bool { return m.method == "" }
