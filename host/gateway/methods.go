package gateway

import (
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// The methods that are served. The library knows more, and would answer some of them with empty lists.
const (
	methodInitialize = "initialize"
	methodPing       = "ping"
	methodDiscover   = "server/discover"
	methodListTools  = "tools/list"
	methodCallTool   = "tools/call"
)

// Actions that are no MCP method.
const (
	actionOpenStream    = "stream/open"
	actionDeleteSession = "session/delete"
	actionRespond       = "client/response"
	actionReadLog       = "audit/read"
)

// action is what the gate calls the message.
func (m *message) action() string {
	if m.isResponse() {
		return actionRespond
	}
	return m.method
}

// unserved returns why the message must not reach the library; nil: it may.
func (x *exchange) unserved() *refusal {
	if x.msg.isResponse() {
		return refuse(http.StatusBadRequest, jsonrpc.CodeInvalidRequest, "no request is waiting for a response")
	}
	isCall, ok := served(x.msg.method)
	switch {
	case !ok && x.modern:
		return refuse(http.StatusNotFound, jsonrpc.CodeMethodNotFound, "method not found")
	case !ok:
		return refuse(http.StatusOK, jsonrpc.CodeMethodNotFound, "method not found")
	case isCall && !x.msg.isCall():
		return refuse(http.StatusBadRequest, jsonrpc.CodeInvalidRequest, "the request has no id")
	case !isCall && x.msg.isCall():
		return refuse(http.StatusBadRequest, jsonrpc.CodeInvalidRequest, "the notification has an id")
	}
	return nil
}

// served reports whether the method is served, and whether it is a request. The library knows which of them belong to one
// generation alone.
func served(method string) (isCall, ok bool) {
	switch method {
	case methodInitialize, methodPing, methodDiscover, methodListTools, methodCallTool:
		return true, true
	case "notifications/cancelled", "notifications/progress", "notifications/initialized", "notifications/roots/list_changed":
		return false, true
	}
	return false, false
}
