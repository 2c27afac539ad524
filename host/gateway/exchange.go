package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// An exchange is one message on its way through the gate. The transports make it, the middleware or the transport itself
// takes it through Gate.Do, and whoever sees that the library has turned the message away settles it: exactly once in
// every case.
type exchange struct {
	server    *Server
	call      *gate.Call
	msg       *message
	modern    bool            // the request stands alone (2026-07-28)
	principal string          // who the transport has authenticated; "": Do finds out
	peer      context.Context // done when nobody waits for the answer any more
	release   func()          // lets what is written from now on reach the client; nil: it always does
	disown    func()          // keeps the id of a session that did not come about from the client; nil: there is none
	claimed   atomic.Bool
}

// errClaimed is a bug of this package if it ever shows.
var errClaimed = errors.New("the message has been through the gate already")

// do takes the message through the gate. From its return on the client may get its answer.
func (x *exchange) do(ctx context.Context, run gate.Runner) (gate.Done, error) {
	if !x.claimed.CompareAndSwap(false, true) {
		return gate.Done{}, errClaimed
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(x.peer, cancel)()
	done, err := x.server.Gate.Do(ctx, x.call, &guarded{run, x.principal})
	x.call.Credential = nil // a session of the library may hold on to this exchange for long
	return done, err
}

// settle takes a message through the gate that nobody is going to answer otherwise, and returns what to tell the client.
func (x *exchange) settle(ctx context.Context, r *refusal) *jsonrpc.Error {
	return x.explain(x.refuse(ctx, r))
}

// refuse is settle for those who need the HTTP status.
func (x *exchange) refuse(ctx context.Context, r *refusal) *refusal {
	_, err := x.do(ctx, runner(func(context.Context, *gate.Caller) (json.RawMessage, error) { return nil, r }))
	return refusalOf(err)
}

// explain adds the call's id.
func (x *exchange) explain(r *refusal) *jsonrpc.Error { return r.named(x.call.ID) }

// guarded holds a Runner back if the gate had to authenticate again and came to another principal.
type guarded struct {
	gate.Runner
	principal string
}

// Run implements gate.Runner.
func (g *guarded) Run(ctx context.Context, c *gate.Caller) (*abi.ToolAnswer, error) {
	if g.principal != "" && c.Principal().ID != g.principal {
		return nil, errors.New("the caller has become someone else")
	}
	return g.Runner.Run(ctx, c)
}

// runFunc is a Runner for everything that is no tool. It returns the result for the client; nil: there is none.
type runFunc struct {
	run    func(context.Context, *gate.Caller) (json.RawMessage, error)
	result json.RawMessage
}

func runner(run func(context.Context, *gate.Caller) (json.RawMessage, error)) *runFunc {
	return &runFunc{run: run}
}

// Run implements gate.Runner.
func (r *runFunc) Run(ctx context.Context, c *gate.Caller) (_ *abi.ToolAnswer, err error) {
	r.result, err = r.run(ctx, c)
	return nil, err
}

// Encode implements gate.Runner.
func (r *runFunc) Encode(*abi.ToolAnswer) (json.RawMessage, error) { return r.result, nil }

// The library carries an exchange from the transport to the middleware in the place that it has for a caller's token.
const exchangeKey = "bulkhead/exchange"

func (x *exchange) tokenInfo() *auth.TokenInfo {
	return &auth.TokenInfo{UserID: x.principal, Extra: map[string]any{exchangeKey: x}}
}

func exchangeOf(req mcp.Request) *exchange {
	extra := req.GetExtra()
	if extra == nil || extra.TokenInfo == nil {
		return nil
	}
	x, _ := extra.TokenInfo.Extra[exchangeKey].(*exchange)
	return x
}
