package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/host/gate"
)

// The JSON-RPC codes of refusals, beside those of JSON-RPC and MCP. They lie in the range that JSON-RPC leaves to
// servers, outside what MCP has taken of it.
const (
	CodeDenied          = -32010
	CodeUnavailable     = -32011
	CodeUnauthenticated = -32012
	CodeTooMany         = -32013
	CodeFailed          = jsonrpc.CodeInternalError
)

// A refusal is an answer that says no: the HTTP status, where there is one, and the JSON-RPC error. As the error of a
// Runner it tells the gate what to record.
type refusal struct {
	status int
	err    *jsonrpc.Error
}

func (r *refusal) Error() string { return r.err.Message }

func refuse(status int, code int64, message string) *refusal {
	return &refusal{status, fail(code, message)}
}

func fail(code int64, message string) *jsonrpc.Error {
	return &jsonrpc.Error{Code: code, Message: message}
}

// refusalOf translates what the gate said. A refusal that a Runner of this package returned comes out as it was.
func refusalOf(err error) *refusal {
	var own *refusal
	switch {
	case errors.Is(err, gate.ErrFailed) && errors.As(err, &own):
		return own
	case errors.Is(err, gate.ErrUnauthenticated):
		return refuse(http.StatusUnauthorized, CodeUnauthenticated, "not authenticated")
	case errors.Is(err, gate.ErrTooMany):
		return refuse(http.StatusTooManyRequests, CodeTooMany, "too many refused requests from this address")
	case errors.Is(err, gate.ErrUnavailable):
		return refuse(http.StatusServiceUnavailable, CodeUnavailable, "not available")
	case errors.Is(err, gate.ErrDenied):
		return refuse(http.StatusForbidden, CodeDenied, "denied by policy")
	case errors.Is(err, gate.ErrInvalid):
		return refuse(http.StatusBadRequest, jsonrpc.CodeInvalidParams, "invalid params")
	}
	return refuse(http.StatusInternalServerError, CodeFailed, "the call failed")
}

// named returns the JSON-RPC error with the call's id in its data, beside what it had there.
func (r *refusal) named(call string) *jsonrpc.Error {
	e := *r.err
	if call == "" {
		return &e
	}
	data := map[string]json.RawMessage{}
	if e.Data != nil && json.Unmarshal(e.Data, &data) != nil {
		return &e
	}
	data["call"], _ = json.Marshal(call)
	e.Data, _ = json.Marshal(data) // a map of valid JSON always encodes
	return &e
}

// maxMessage is the length of an error text that still counts as short.
const maxMessage = 200

// libraryError makes the library's refusal of a request fit for the client: short, with none of its innards.
func libraryError(status int, err error) *refusal {
	var e *jsonrpc.Error
	if !errors.As(err, &e) {
		return refuse(status, CodeFailed, standardText(CodeFailed))
	}
	out := refuse(status, e.Code, err.Error())
	if len(err.Error()) > maxMessage || strings.Contains(err.Error(), "unmarshal") {
		out.err.Message = standardText(e.Code)
	}
	if e.Code == mcp.CodeUnsupportedProtocolVersion {
		out.err.Data = e.Data // supported and requested versions, which MCP prescribes
	}
	return out
}

func standardText(code int64) string {
	switch code {
	case jsonrpc.CodeMethodNotFound:
		return "method not found"
	case jsonrpc.CodeInvalidParams:
		return "invalid params"
	case mcp.CodeHeaderMismatch:
		return "headers and body do not agree"
	case mcp.CodeUnsupportedProtocolVersion:
		return "unsupported protocol version"
	case CodeFailed:
		return "the call failed"
	}
	return "invalid request"
}
