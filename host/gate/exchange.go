package gate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"bulkhead/abi"
	"bulkhead/host/strictjson"
)

// An exchange is one call of a known caller on its way through the gate.
type exchange struct {
	gate    *Gate
	call    *Call
	caller  *Caller
	running *Running
	start   time.Time
	salt    [16]byte
	request string // salted digest of the params
}

func (g *Gate) newExchange(c *Call, caller *Caller, start time.Time) *exchange {
	running := &Running{Call: c.ID, Trace: c.Trace, Principal: caller.principal.ID}
	return &exchange{gate: g, call: c, caller: caller, running: running, start: start}
}

// decide validates the arguments, asks the policies and records the decision. Only a durable yes returns nil.
func (x *exchange) decide(ctx context.Context) error {
	rand.Read(x.salt[:]) // never fails (crypto/rand)
	params := x.call.Params
	if params == nil {
		params = x.call.Arguments
	}
	var err error
	if x.request, err = x.digest(params); err != nil {
		return x.refuse(ctx, ErrInvalid, err)
	}
	if x.call.Check != nil {
		if err := x.call.Check(); err != nil {
			return x.refuse(ctx, ErrInvalid, err)
		}
	}
	reason, err := x.gate.ask(ctx, x.gate.question(x.call, x.caller, abi.PhaseBefore))
	if err != nil {
		return x.refuse(ctx, ErrDenied, err)
	}
	if _, err := x.record(ctx, x.entry(KindDecision, Success, reason)); err != nil {
		return x.fail(ErrUnavailable, err)
	}
	return nil
}

// refuse records a decision against the call.
func (x *exchange) refuse(ctx context.Context, kind, cause error) error {
	if _, err := x.record(ctx, x.entry(KindDecision, Failure, cause.Error())); err != nil {
		return x.fail(ErrUnavailable, err)
	}
	return x.fail(kind, cause)
}

// run does what was allowed and records how it ended, whatever ended it.
func (x *exchange) run(ctx context.Context, run Runner) (Done, error) {
	done := Done{Call: x.call.ID}
	answer, result, kind, cause := x.perform(ctx, run)
	entry := x.entry(KindResult, Success, "")
	if cause == nil {
		if entry.Response, cause = x.digest(result); cause != nil {
			kind = ErrFailed
		}
	}
	if cause != nil {
		entry.Outcome, entry.Reason = Failure, escape(cause.Error())
	}
	entry.Micros = time.Since(x.start).Microseconds()
	receipt, err := x.record(ctx, entry)
	if err != nil {
		return done, x.fail(ErrUnavailable, err)
	}
	if cause != nil {
		return done, x.fail(kind, cause)
	}
	receipt.Salt = base64.StdEncoding.EncodeToString(x.salt[:])
	return Done{x.call.ID, answer, result, receipt, time.Since(x.start)}, nil
}

// perform runs, asks the policies that want to see the result, and encodes. A panic is a failure like any other.
func (x *exchange) perform(ctx context.Context, run Runner) (a *abi.ToolAnswer, result json.RawMessage, kind, err error) {
	kind = ErrFailed
	defer func() {
		if p := recover(); p != nil {
			a, result, kind, err = nil, nil, ErrFailed, fmt.Errorf("panic: %v", p)
		}
	}()
	if a, err = run.Run(ctx, x.caller); err != nil {
		return nil, nil, kind, err
	}
	if a, err = x.after(ctx, a); err != nil {
		return nil, nil, ErrDenied, err
	}
	if result, err = run.Encode(a); err != nil {
		return nil, nil, kind, fmt.Errorf("encoding the result: %w", err)
	}
	return a, result, kind, nil
}

// after shows a tool's answer to the policies of phase after, each seeing what the one before left.
func (x *exchange) after(ctx context.Context, a *abi.ToolAnswer) (*abi.ToolAnswer, error) {
	if a == nil {
		return nil, nil
	}
	for _, p := range x.gate.Policies {
		if !p.After() {
			continue
		}
		q := x.gate.question(x.call, x.caller, abi.PhaseAfter)
		var err error
		if q.Result, err = json.Marshal(a); err != nil {
			return nil, fmt.Errorf("encoding the answer for policy %s: %w", p.Ref().Alias, err)
		}
		d, err := p.Decide(ctx, q)
		switch {
		case err != nil:
			return nil, fmt.Errorf("policy %s on the result: %w", p.Ref().Alias, err)
		case d.Decision == abi.Redact && d.Result != nil:
			a = d.Result
		case d.Decision != abi.Allow:
			return nil, fmt.Errorf("policy %s on the result: %s", p.Ref().Alias, d.Reason)
		}
	}
	return a, nil
}

func (x *exchange) entry(kind Kind, outcome Outcome, reason string) Entry {
	plugins := []PluginRef{x.gate.Auth.Ref()}
	for _, p := range x.gate.Policies {
		plugins = append(plugins, p.Ref())
	}
	if kind == KindResult && x.call.Plugin != "" {
		plugins = append(plugins, x.call.Ref)
	}
	plugins = append(plugins, x.running.Used()...)
	return Entry{
		Actor: x.caller.principal.ID, Action: x.call.Action, Resource: escape(x.call.Resource), Outcome: outcome,
		TraceID: x.call.Trace, Kind: kind, Call: x.call.ID, Reason: escape(reason), Plugins: plugins, Request: x.request,
	}
}

func (x *exchange) record(ctx context.Context, e Entry) (Receipt, error) {
	return x.gate.record(ctx, e)
}

func (x *exchange) fail(kind, cause error) error {
	return &Error{Kind: kind, Call: x.call.ID, Cause: cause}
}

// digest is hex SHA-256(salt || RFC 8785 form of data); absent data counts as null.
func (x *exchange) digest(data json.RawMessage) (string, error) {
	if len(data) == 0 {
		data = json.RawMessage("null")
	}
	canonical, err := strictjson.Canonical(data)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	h.Write(x.salt[:])
	h.Write(canonical)
	return hex.EncodeToString(h.Sum(nil)), nil
}
