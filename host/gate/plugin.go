package gate

import (
	"context"
	"encoding/base64"
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
	a, err := ask[abi.AuthAnswer](ctx, p.Module, q)
	if err == nil && (a.Principal != nil) == (a.Refused != "") {
		err = errors.New("the answer must have either principal or refused")
	}
	return a, err
}

// Decide asks a policy plugin. An answer that breaks a rule is an error, and so a refusal.
func (p *Plugin) Decide(ctx context.Context, q abi.PolicyRequest) (abi.PolicyAnswer, error) {
	a, err := ask[abi.PolicyAnswer](ctx, p.Module, q)
	if err != nil {
		return abi.PolicyAnswer{}, err
	}
	if err := checkDecision(&a, q.Phase); err != nil {
		return abi.PolicyAnswer{}, err
	}
	return a, nil
}

// Run asks a tool plugin.
func (p *Plugin) Run(ctx context.Context, q abi.ToolRequest) (*abi.ToolAnswer, error) {
	a, err := ask[abi.ToolAnswer](ctx, p.Module, q)
	if err != nil {
		return nil, err
	}
	if err := CheckAnswer(&a); err != nil {
		return nil, err
	}
	return &a, nil
}

func ask[A, Q any](ctx context.Context, m runtimes.Module, q Q) (a A, err error) {
	request, err := json.Marshal(q)
	if err != nil {
		return a, fmt.Errorf("encoding the request: %w", err)
	}
	answer, err := m.Call(ctx, nil, request)
	if err != nil {
		return a, err
	}
	if err := strictjson.Decode(answer, &a); err != nil {
		return a, fmt.Errorf("%w: %w", runtimes.ErrBadOutput, err)
	}
	return a, nil
}

func checkDecision(a *abi.PolicyAnswer, phase abi.Phase) error {
	switch {
	case a.Reason == "" || len(a.Reason) > abi.MaxReason:
		return fmt.Errorf("%w: a decision needs a reason of 1 to %d bytes", runtimes.ErrBadOutput, abi.MaxReason)
	case a.Decision == abi.Allow || a.Decision == abi.Deny:
		if a.Result != nil {
			return fmt.Errorf("%w: only redact carries a result", runtimes.ErrBadOutput)
		}
		return nil
	case a.Decision == abi.Redact && phase == abi.PhaseAfter && a.Result != nil:
		return CheckAnswer(a.Result)
	}
	return fmt.Errorf("%w: no decision %.20q in phase %s", runtimes.ErrBadOutput, string(a.Decision), phase)
}

// CheckAnswer holds a tool's answer against ABI v1: known content types with exactly their members, valid base64, an
// object as structured.
func CheckAnswer(a *abi.ToolAnswer) error {
	for i, c := range a.Content {
		if err := checkContent(c); err != nil {
			return fmt.Errorf("%w: content %d: %w", runtimes.ErrBadOutput, i, err)
		}
	}
	if s := a.Structured; s != nil && (len(s) == 0 || s[0] != '{') {
		return fmt.Errorf("%w: structured is not an object", runtimes.ErrBadOutput)
	}
	return nil
}

func checkContent(c abi.Content) error {
	text, data, mime, uri := c.Text != "", c.Data != "", c.MIMEType != "", c.URI != ""
	if data {
		if _, err := base64.StdEncoding.Strict().DecodeString(c.Data); err != nil {
			return errors.New("data is not base64")
		}
	}
	switch c.Type {
	case abi.ContentText:
		if data || mime || uri {
			return errors.New("text has only the member text")
		}
	case abi.ContentImage, abi.ContentAudio:
		if text || uri || !data || !mime {
			return fmt.Errorf("%s has exactly the members data and mime_type", c.Type)
		}
	case abi.ContentResource:
		if !uri || text && data {
			return errors.New("resource needs uri, and text or data")
		}
	default:
		return fmt.Errorf("unknown type %.20q", c.Type)
	}
	return nil
}
