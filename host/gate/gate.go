// Package gate is the one path of every request: authenticate, decide, record, run, record, receipt.
//
// The order is the guarantee. Nobody is asked about a stranger; nothing runs before its decision is durable; no answer
// leaves before its result is durable. Whatever fails on the way stops the call: there is no branch that goes on.
package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkhead/abi"
)

// Config says what a Gate is made of. Every field but Development, MaxCached and the two throttle fields is required.
type Config struct {
	Auth        Authenticator
	Policies    []Decider // in order; all must allow
	Log         Log
	Clock       Clock
	Audience    string // what this host calls itself in tokens
	Device      abi.Device
	Development bool // the host holds development keys: entries say so
}

// A Gate is safe for concurrent use. It holds no lock while a guest runs.
type Gate struct {
	Config
	cache     *callerCache
	strangers *strangers
	calls     turnstile
}

// New checks that nothing is missing. A gate without policies would allow nothing, and is refused too. The gate must be
// closed.
func New(c Config) (*Gate, error) {
	switch {
	case c.Auth == nil:
		return nil, errors.New("building the gate: no auth plugin")
	case len(c.Policies) == 0:
		return nil, errors.New("building the gate: no policy plugin")
	case c.Log == nil || c.Clock == nil:
		return nil, errors.New("building the gate: no log or no clock")
	case c.Audience == "":
		return nil, errors.New("building the gate: no audience")
	}
	g := &Gate{Config: c, cache: newCallerCache()}
	g.strangers = newStrangers(g.record, g.now)
	return g, nil
}

// Close writes what is still to be said about strangers. The log must be open until then.
func (g *Gate) Close() { g.strangers.close() }

// Do carries a call from its credential to its recorded result. On nil error everything in Done is durable. Every error
// is an *Error.
func (g *Gate) Do(ctx context.Context, c *Call, run Runner) (Done, error) {
	start := time.Now()
	if err := g.calls.enter(); err != nil {
		c.adopt("")
		return Done{Call: c.ID}, &Error{Kind: ErrUnavailable, Call: c.ID, Cause: err}
	}
	defer g.calls.leave()
	caller, err := g.caller(ctx, c)
	if err != nil {
		return Done{Call: c.ID}, err
	}
	ex := g.newExchange(c, caller, start)
	ctx = WithRunning(ctx, ex.running)
	if err := ex.decide(ctx); err != nil {
		return Done{Call: c.ID}, err
	}
	return ex.run(ctx, run)
}

// Visible reports whether policy would let the caller make the call. It records nothing and is for filtering lists, whose
// own call ctx belongs to and pays; the call itself is decided again.
func (g *Gate) Visible(ctx context.Context, caller *Caller, c *Call) bool {
	if !g.knows(caller) {
		return false
	}
	c.adopt(caller.call)
	if r := RunningFrom(ctx); r == nil || r.Call != c.ID || r.Principal != caller.principal.ID {
		ctx = WithRunning(ctx, g.newExchange(c, caller, time.Time{}).running)
	}
	_, err := g.ask(ctx, g.question(c, caller, abi.PhaseBefore))
	return err == nil
}

func (g *Gate) caller(ctx context.Context, c *Call) (*Caller, error) {
	if g.knows(c.Caller) {
		c.adopt(c.Caller.call)
		return c.Caller, nil
	}
	return g.Authenticate(ctx, c)
}

// knows reports whether this gate made the caller and it has not expired.
func (g *Gate) knows(c *Caller) bool {
	return c != nil && c.gate == g && g.now().Before(c.expires)
}

func (g *Gate) now() time.Time {
	t, _ := g.wall()
	return t
}

// wall is the wall clock alone: a monotonic reading would hide that it jumped, and let what has expired live on.
func (g *Gate) wall() (time.Time, abi.Clock) {
	t, clock := g.Clock()
	return t.Round(0), clock
}

func (g *Gate) record(ctx context.Context, e Entry) (Receipt, error) {
	e.Development = g.Development
	// A call that is being cancelled still ends in the log.
	return g.Log.Append(context.WithoutCancel(ctx), e)
}

// question is what policies are asked.
func (g *Gate) question(c *Call, caller *Caller, phase abi.Phase) abi.PolicyRequest {
	now, clock := g.wall()
	return abi.PolicyRequest{
		Principal: caller.principal, Action: c.Action, Resource: c.Resource, Plugin: c.Plugin, Arguments: c.Arguments,
		Transport: c.Transport, Peer: c.Peer, Device: g.Device, Now: stamp(now), Clock: clock, Phase: phase,
	}
}

// ask puts a question of phase before to every policy in order and returns the last reason. The error says who denied.
func (g *Gate) ask(ctx context.Context, q abi.PolicyRequest) (string, error) {
	reason := ""
	for _, p := range g.Policies {
		a, err := p.Decide(ctx, q)
		if err != nil {
			return "", fmt.Errorf("policy %s: %w", p.Ref().Alias, err)
		}
		if a.Decision != abi.Allow {
			return "", fmt.Errorf("policy %s: %s", p.Ref().Alias, a.Reason)
		}
		reason = a.Reason
	}
	return reason, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
