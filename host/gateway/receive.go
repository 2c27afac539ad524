package gateway

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/host/gate"
)

var errNoExchange = errors.New("a message reached the library past the gateway")

// receive is the library's middleware: requests pass the gate here, between the library's decoding and its handlers.
func (s *Server) receive(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		x := exchangeOf(req)
		if x == nil || x.msg.method != method {
			s.Logger.Error("refusing a message", "error", errNoExchange)
			return nil, fail(CodeFailed, standardText(CodeFailed))
		}
		if !x.msg.isCall() {
			return x.notified(ctx, next, req)
		}
		result, err := x.answer(ctx, next, req)
		if err != nil && x.disown != nil {
			x.disown()
		}
		if x.release != nil {
			x.release()
		}
		return result, err
	}
}

// notified lets a notification through that its transport took through the gate.
func (x *exchange) notified(ctx context.Context, next mcp.MethodHandler, req mcp.Request) (mcp.Result, error) {
	if !x.claimed.Load() {
		return nil, errNoExchange
	}
	return next(ctx, x.msg.method, req)
}

func (x *exchange) answer(ctx context.Context, next mcp.MethodHandler, req mcp.Request) (mcp.Result, error) {
	switch r := req.(type) {
	case *mcp.CallToolRequest:
		return x.callTool(ctx, r)
	case *mcp.ListToolsRequest:
		return x.listTools(ctx, r)
	}
	return x.plain(ctx, func(ctx context.Context, c *gate.Caller) (mcp.Result, error) {
		if x.msg.method != methodInitialize {
			return next(ctx, x.msg.method, req)
		}
		return x.initialize(c, req.GetSession().ID(), func() (mcp.Result, error) { return next(ctx, x.msg.method, req) })
	})
}

// plain answers with what run returns.
func (x *exchange) plain(ctx context.Context, run func(context.Context, *gate.Caller) (mcp.Result, error)) (mcp.Result, error) {
	done, err := x.do(ctx, runner(func(ctx context.Context, c *gate.Caller) (json.RawMessage, error) {
		result, err := run(ctx, c)
		if err != nil {
			return nil, err
		}
		return x.complete(result)
	}))
	if err != nil {
		return nil, x.explain(refusalOf(err))
	}
	return newResult(done.Result), nil
}

// initialize enters the session that begins into the table. On stdio there is none.
func (x *exchange) initialize(c *gate.Caller, session string, next func() (mcp.Result, error)) (mcp.Result, error) {
	if session == "" {
		return next()
	}
	if err := x.server.sessions.add(session, c.Principal().ID); err != nil {
		return nil, err
	}
	result, err := next()
	if err != nil {
		x.server.sessions.remove(session)
	}
	return result, err
}
