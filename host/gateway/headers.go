package gateway

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/abi"
)

const (
	headerSession = "Mcp-Session-Id"
	headerVersion = "Mcp-Protocol-Version"

	firstModern = "2026-07-28" // the first version without sessions; versions are dates, and compare as text
)

// checkHeaders refuses what could be read in two ways, and bodies in another form than the gateway reads.
func checkHeaders(r *http.Request) *refusal {
	for name, values := range r.Header {
		single := strings.HasPrefix(name, "Mcp-") || slices.Contains([]string{
			"Authorization", "Content-Type", "Content-Encoding", "Last-Event-Id", "Traceparent",
		}, name)
		if single && len(values) != 1 {
			return refuse(http.StatusBadRequest, jsonrpc.CodeInvalidRequest, "the header "+name+" is repeated")
		}
	}
	if r.Method != http.MethodPost {
		return nil
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, ok := params["charset"]
	if err != nil || media != "application/json" || ok && !strings.EqualFold(charset, "utf-8") || r.Header.Get("Content-Encoding") != "" {
		return refuse(http.StatusUnsupportedMediaType, jsonrpc.CodeInvalidRequest, "Content-Type must be application/json, in UTF-8 and not encoded")
	}
	return nil
}

// checkVersion refuses protocol versions that are not served, by exact match. It leaves those that claim to be newer to
// the library, whose answer tells the client which there are.
func checkVersion(r *http.Request) *refusal {
	v := r.Header.Get(headerVersion)
	if v == "" || v >= firstModern || slices.Contains(mcp.SupportedProtocolVersions(), v) {
		return nil
	}
	refused := refuse(http.StatusBadRequest, mcp.CodeUnsupportedProtocolVersion, "unsupported protocol version")
	// Strings always encode.
	refused.err.Data, _ = encode(mcp.UnsupportedProtocolVersionData{Supported: mcp.SupportedProtocolVersions(), Requested: v})
	return refused
}

// credential reads the Authorization header, which checkHeaders found to be single; nil: there is none. Whatever it says
// is the auth plugin's to judge.
func credential(r *http.Request) *abi.Credential {
	h := r.Header.Get("Authorization")
	if h == "" {
		return nil
	}
	scheme, value, _ := strings.Cut(h, " ")
	return &abi.Credential{Scheme: strings.ToLower(scheme), Value: strings.TrimLeft(value, " ")}
}
