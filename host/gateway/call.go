package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

var errArguments = errors.New("arguments is not an object")

// unnamed is what policies and the log hear of a name that no tool can have: it is a client's words of any kind.
const unnamed = "?"

// A toolCall is the Runner of tools/call.
type toolCall struct {
	x         *exchange
	tool      *tool // nil: there is none of that name
	arguments json.RawMessage
	progress  func(ctx context.Context) (context.Context, func()) // adds the sink for progress; the function ends it
}

func (x *exchange) callTool(ctx context.Context, req *mcp.CallToolRequest) (mcp.Result, error) {
	t := &toolCall{x: x, tool: x.server.tools[req.Params.Name], arguments: req.Params.Arguments}
	if t.arguments == nil {
		t.arguments = json.RawMessage("{}")
	}
	t.progress = x.server.progress(req)
	t.describe(req.Params.Name)
	done, err := x.do(ctx, t)
	if err != nil {
		return t.failed(err)
	}
	out, err := withReceipt(done.Result, done.Proof)
	if err != nil {
		x.server.Logger.Error("adding a receipt", "call", x.call.ID, "error", err)
		return nil, x.explain(refusalOf(nil))
	}
	return newResult(out), nil
}

// describe tells the gate what is called.
func (t *toolCall) describe(name string) {
	c := t.x.call
	c.Receipt = true
	c.Resource, c.Arguments, c.Check = name, t.arguments, t.check
	if !toolName.MatchString(name) {
		c.Resource = unnamed
	}
	if t.tool != nil {
		c.Plugin, c.Ref = t.tool.Plugin, t.tool.Ref
	}
}

// check leaves a tool that does not exist to Run, so that policy has the first word about its name.
func (t *toolCall) check() error {
	if t.arguments[0] != '{' {
		return errArguments
	}
	if t.tool == nil {
		return nil
	}
	return t.tool.Check(t.arguments)
}

// Run implements gate.Runner.
func (t *toolCall) Run(ctx context.Context, c *gate.Caller) (*abi.ToolAnswer, error) {
	if t.tool == nil {
		return nil, refuse(http.StatusBadRequest, jsonrpc.CodeInvalidParams, "unknown tool")
	}
	if t.x.release != nil {
		t.x.release() // the decision is durable: progress may leave
	}
	within, end := t.progress(ctx)
	defer end()
	return t.tool.Invoke(within, abi.ToolRequest{
		Arguments: t.arguments, Call: t.x.call.ID, Principal: c.Principal().ID,
	})
}

// Encode implements gate.Runner.
func (t *toolCall) Encode(a *abi.ToolAnswer) (json.RawMessage, error) {
	return t.x.encodeAnswer(a, t.tool.CheckOutput)
}

// failed explains. Arguments that the tool's schema refuses are an answer of the tool, which a model can learn from; what
// is no tools/call at all is an error of the protocol.
func (t *toolCall) failed(err error) (mcp.Result, error) {
	var e *gate.Error
	if !errors.Is(err, gate.ErrInvalid) || errors.Is(err, errArguments) || !errors.As(err, &e) {
		return nil, t.x.explain(refusalOf(err))
	}
	text := "invalid arguments: " + e.Cause.Error()
	const limit = 1000
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	raw, err := t.x.encodeAnswer(&abi.ToolAnswer{
		Content: []abi.Content{{Type: abi.ContentText, Text: text + " (call " + t.x.call.ID + ")"}}, Failed: true,
	}, nil)
	if err != nil {
		return nil, t.x.explain(refusalOf(err))
	}
	return newResult(raw), nil
}
