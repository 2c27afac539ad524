package gate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
	admin   bool   // an administrator's act: no plugin was asked

	verdict Verdict // of the policies, so far
}

func (g *Gate) newExchange(c *Call, caller *Caller, start time.Time) *exchange {
	running := &Running{Call: c.ID, Trace: c.Trace, Parent: c.Parent, Principal: caller.principal.ID}
	return &exchange{gate: g, call: c, caller: caller, running: running, start: start}
}

// decide judges the call and records the decision. Only a durable yes returns nil.
func (x *exchange) decide(ctx context.Context) error {
	rand.Read(x.salt[:]) // never fails (crypto/rand)
	reason, kind, cause := x.judge(ctx)
	x.verdict = Verdict{string(abi.Allow), reason}
	entry := x.entry(KindDecision, Success, reason)
	if cause != nil {
		entry = x.entry(KindDecision, Failure, wordsOf(kind, cause))
	}
	if _, err := x.record(ctx, entry); err != nil {
		return x.fail(ErrUnavailable, err)
	}
	if cause != nil {
		return x.fail(kind, cause)
	}
	return nil
}

// wordsOf is what the log may say of a refusal. What is wrong with arguments is told in their sender's own words, which do
// not enter: the client hears it.
func wordsOf(kind, cause error) string {
	if kind == ErrInvalid {
		return ErrInvalid.Error()
	}
	return cause.Error()
}

// judge validates the arguments and asks the policies. Whoever may not make the call with any arguments hears that, and
// nothing about those he sent: they would tell him what the tool takes. A panic is a no like any other.
func (x *exchange) judge(ctx context.Context) (reason string, kind, err error) {
	defer caught(&err)
	kind = ErrFailed
	params := x.call.Params
	if params == nil {
		params = x.call.Arguments
	}
	if x.request, err = x.digest(params); err != nil {
		return "", ErrInvalid, err
	}
	if strings.HasPrefix(x.call.Action, AdminPrefix) { // whatever a policy would say of it
		return "", ErrDenied, errors.New("an administrative action does not come this way")
	}
	question := x.gate.question(x.call, x.caller, abi.PhaseBefore)
	invalid := x.check()
	if invalid != nil {
		question.Arguments = nil // policies see valid ones only
	}
	if reason, err = x.gate.ask(ctx, question); err != nil {
		return "", kindOf(err, ErrDenied), err
	}
	return reason, ErrInvalid, invalid
}

func (x *exchange) check() error {
	if x.call.Check == nil {
		return nil
	}
	return x.call.Check()
}

// caught makes an error of a panic. It must be deferred itself.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v", p)
	}
}

// run does what was allowed and records how it ended, whatever ended it.
func (x *exchange) run(ctx context.Context, run Runner) (Done, error) {
	done := Done{Call: x.call.ID}
	answer, result, kind, cause := x.perform(ctx, run)
	response := ""
	if cause == nil {
		if response, cause = x.digest(result); cause != nil {
			kind = ErrFailed
		}
	}
	receipt, err := x.record(ctx, x.result(response, cause))
	if err != nil {
		return done, x.fail(ErrUnavailable, err)
	}
	if cause != nil {
		return done, x.fail(kind, cause)
	}
	proof, err := x.prove(receipt)
	if err != nil {
		return done, x.fail(ErrUnavailable, err)
	}
	return Done{x.call.ID, answer, result, receipt, proof, time.Since(x.start)}, nil
}

// result is the entry about how the call ended.
func (x *exchange) result(response string, cause error) Entry {
	e := x.entry(KindResult, Success, "")
	if cause != nil {
		e = x.entry(KindResult, Failure, cause.Error())
	}
	e.Response, e.Micros, e.Grants = response, time.Since(x.start).Microseconds(), x.running.Grants()
	e.Fuel, e.Reported = x.running.Fuel()
	if !x.admin {
		e.Verdict = &Verdict{x.verdict.Outcome, escape(x.verdict.Reason, maxWords)}
	}
	return e
}

// prove makes the client's receipt, nil where the log gives none. Whatever it costs, nobody waits for it but the client.
func (x *exchange) prove(r Receipt) (p *Proof, err error) {
	defer caught(&err)
	if r.Prover == nil || !x.call.Receipt {
		return nil, nil
	}
	entry, proof, err := r.Prover.Prove()
	if err != nil {
		return nil, fmt.Errorf("proving the result's entry: %w", err)
	}
	return &Proof{Entry: entry, Salt: base64.StdEncoding.EncodeToString(x.salt[:]), Proof: proof}, nil
}

// perform runs, asks the policies that want to see the result, and encodes. A panic is a failure like any other.
func (x *exchange) perform(ctx context.Context, run Runner) (a *abi.ToolAnswer, result json.RawMessage, kind, err error) {
	defer caught(&err)
	kind = ErrFailed
	if a, err = run.Run(ctx, x.caller); err != nil {
		return nil, nil, kindOf(err, kind), err
	}
	if a, err = x.after(ctx, a); err != nil {
		return nil, nil, kindOf(err, ErrDenied), err
	}
	if result, err = run.Encode(a); err != nil {
		return nil, nil, kind, fmt.Errorf("encoding the result: %w", err)
	}
	return a, result, kind, nil
}

// add notes what a policy of phase after did.
func (v *Verdict) add(d abi.Decision, reason string) {
	v.Outcome, v.Reason = string(d), v.Reason+"; "+reason
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
		var err error
		if a, err = x.show(ctx, p, a); err != nil {
			x.verdict.add(abi.Deny, err.Error())
			return nil, err
		}
	}
	return a, nil
}

// show asks one policy about the answer and returns what it leaves of it.
func (x *exchange) show(ctx context.Context, p Decider, a *abi.ToolAnswer) (left *abi.ToolAnswer, err error) {
	defer caught(&err)
	alias := p.Ref().Alias
	q := x.gate.question(x.call, x.caller, abi.PhaseAfter)
	if q.Result, err = json.Marshal(a); err != nil {
		return nil, fmt.Errorf("encoding the answer for policy %s: %w", alias, err)
	}
	d, err := p.Decide(ctx, q)
	switch {
	case err != nil:
		return nil, fmt.Errorf("policy %s on the result: %w", alias, err)
	case d.Decision == abi.Redact && d.Result != nil:
		x.verdict.add(abi.Redact, "policy "+alias+" redacted: "+d.Reason)
		return d.Result, nil
	case d.Decision != abi.Allow:
		return nil, fmt.Errorf("policy %s on the result: %s", alias, d.Reason)
	}
	return a, nil
}

func (x *exchange) entry(kind Kind, outcome Outcome, reason string) Entry {
	plugins := x.asked()
	if kind == KindResult && x.call.Plugin != "" {
		plugins = append(plugins, x.call.Ref)
	}
	plugins = append(plugins, x.running.Used()...)
	return Entry{
		Actor: x.caller.principal.ID, Action: x.call.Action, Resource: escape(x.call.Resource, maxWords), Outcome: outcome,
		TraceID: x.call.Trace, Parent: x.call.Parent, Kind: kind, Event: x.event(kind, outcome), Call: x.call.ID,
		Reason: escape(reason, maxWords), Plugins: plugins, Request: x.request,
	}
}

func (x *exchange) event(kind Kind, outcome Outcome) Event {
	switch {
	case x.admin:
		return HostAdmin
	case kind == KindResult:
		return CallResult
	case outcome == Failure:
		return CallRefusal
	}
	return CallDecision
}

// asked names the plugins of the pipeline, where they had a say.
func (x *exchange) asked() []PluginRef {
	if x.admin {
		return nil
	}
	plugins := []PluginRef{x.gate.Auth.Ref()}
	for _, p := range x.gate.Policies {
		plugins = append(plugins, p.Ref())
	}
	return plugins
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
