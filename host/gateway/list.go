package gateway

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/host/gate"
)

// listTools answers with the tools that policy would let the caller call, in one page.
func (x *exchange) listTools(ctx context.Context, req *mcp.ListToolsRequest) (mcp.Result, error) {
	done, err := x.do(ctx, runner(func(ctx context.Context, c *gate.Caller) (json.RawMessage, error) {
		if req.Params != nil && req.Params.Cursor != "" {
			return nil, refuse(http.StatusBadRequest, jsonrpc.CodeInvalidParams, "unknown cursor")
		}
		return x.list(x.visible(ctx, c))
	}))
	if err != nil {
		return nil, x.explain(refusalOf(err))
	}
	return newResult(done.Result), nil
}

func (x *exchange) visible(ctx context.Context, c *gate.Caller) []json.RawMessage {
	tools := []json.RawMessage{}
	for _, t := range x.server.order {
		question := &gate.Call{
			ID: x.call.ID, Trace: x.call.Trace, Transport: x.call.Transport, Peer: x.call.Peer, Caller: c,
			Action: methodCallTool, Resource: t.Name, Plugin: t.Plugin, Ref: t.Ref,
		}
		if x.server.Gate.Visible(ctx, c, question) {
			tools = append(tools, t.listed)
		}
	}
	return tools
}

func (x *exchange) list(tools []json.RawMessage) (json.RawMessage, error) {
	type caching struct {
		TTL   int    `json:"ttlMs"`
		Scope string `json:"cacheScope"`
	}
	if !x.modern {
		return encode(struct {
			Tools []json.RawMessage `json:"tools"`
		}{tools})
	}
	return encode(struct {
		frame
		caching
		Tools []json.RawMessage `json:"tools"`
	}{x.frame(), caching{cacheTTL, cacheScope}, tools})
}
