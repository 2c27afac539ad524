package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"bulkhead/abi"
	"bulkhead/host/strictjson"
	"bulkhead/runtimes"
)

// A Plugin puts one role's questions to a loaded module. What comes back has been decoded strictly and checked.
type Plugin struct {
	Module  runtimes.Module
	Plugin  PluginRef
	AfterOn bool // the descriptor declares phase after (policies)
}

// Ref names the plugin in entries.
func (p *Plugin) Ref() PluginRef { return p.Plugin }

// After reports whether the policy wants to see results.
func (p *Plugin) After() bool { return p.AfterOn }

// Authenticate asks an auth plugin.
func (p *Plugin) Authenticate(ctx context.Context, q abi.AuthRequest) (abi.AuthAnswer, error) {
	return ask(ctx, p.Module, q, (*abi.AuthAnswer).Check)
}

// Decide asks a policy plugin. An answer that breaks a rule is an error, and so a refusal.
func (p *Plugin) Decide(ctx context.Context, q abi.PolicyRequest) (abi.PolicyAnswer, error) {
	return ask(ctx, p.Module, q, func(a *abi.PolicyAnswer) error { return a.Check(q.Phase) })
}

// Run asks a tool plugin.
func (p *Plugin) Run(ctx context.Context, q abi.ToolRequest) (*abi.ToolAnswer, error) {
	a, err := ask(ctx, p.Module, q, (*abi.ToolAnswer).Check)
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// kindOf is the kind of a call that a plugin's error ended. Where the plugin cannot answer anybody at present, that says
// nothing about this call.
func kindOf(cause, otherwise error) error {
	if errors.Is(cause, runtimes.ErrQuarantined) || errors.Is(cause, runtimes.ErrClosed) {
		return ErrUnavailable
	}
	return otherwise
}

// ask puts q to a module, on behalf of the call that ctx belongs to. After an error the answer is the zero value, which denies.
func ask[A, Q any](ctx context.Context, m runtimes.Module, q Q, check func(*A) error) (A, error) {
	var a, none A
	request, err := json.Marshal(q)
	if err != nil {
		return none, fmt.Errorf("encoding the request: %w", err)
	}
	answer, err := RunningFrom(ctx).Measure(ctx, m, nil, request)
	if err != nil {
		return none, err
	}
	err = strictjson.Decode(answer, &a)
	if err == nil {
		err = check(&a)
	}
	if err != nil {
		return none, fmt.Errorf("%w: %w", runtimes.ErrBadOutput, err)
	}
	return a, nil
}
