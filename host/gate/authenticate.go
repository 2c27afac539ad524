package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkhead/abi"
)

// Authenticate finds out who makes the call and fills in the call's ID, Trace and Caller. A caller whom the cache does not
// know has an entry before anybody hears of him. Refusals are counted and summarized in the log, never written one by one: a
// stranger must not be able to fill it. Every error is an *Error.
func (g *Gate) Authenticate(ctx context.Context, c *Call) (*Caller, error) {
	c.adopt("")
	now, clock := g.wall()
	key, cacheable := g.cache.key(c, g.Audience, g.Auth.Ref().Digest)
	if clock == abi.ClockUnsynchronised { // such a clock may stand still, and nothing would ever expire
		g.cache.empty()
		cacheable = false
	}
	if cacheable {
		if caller := g.cache.get(key, now); caller != nil {
			own := *caller
			own.call = c.ID
			c.Caller = &own
			return c.Caller, nil
		}
	}
	if !g.strangers.admit(c.Peer) {
		g.strangers.note(c.Peer, "throttled", nil)
		return nil, &Error{Kind: ErrTooMany, Call: c.ID, Cause: errors.New("throttled")}
	}
	caller, keep, err := g.identify(ctx, c)
	if kindOf(err, nil) == ErrUnavailable { // nobody has judged the credential
		g.strangers.note(c.Peer, "unavailable", err)
		return nil, &Error{Kind: ErrUnavailable, Call: c.ID, Cause: err}
	}
	if err != nil {
		class := "unauthenticated"
		if ctx.Err() != nil {
			class = "gone" // costs as much: else a stranger who hangs up early would ask for free
		}
		g.strangers.refused(c.Peer, class, err)
		return nil, &Error{Kind: ErrUnauthenticated, Call: c.ID, Cause: err}
	}
	if err := g.established(ctx, c, caller); err != nil {
		return nil, &Error{Kind: ErrUnavailable, Call: c.ID, Cause: err}
	}
	if cacheable && keep {
		g.cache.put(key, caller, now)
	}
	c.Caller = caller
	return caller, nil
}

// identify asks the auth plugin and believes nothing that it says unchecked.
func (g *Gate) identify(ctx context.Context, c *Call) (caller *Caller, cacheable bool, err error) {
	defer caught(&err)
	now, clock := g.wall()
	a, err := g.Auth.Authenticate(ctx, abi.AuthRequest{
		Credential: c.Credential, Transport: c.Transport, Peer: c.Peer, Audience: g.Audience, Now: stamp(now), Clock: clock,
	})
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("auth %s: %w", g.Auth.Ref().Alias, err)
	case a.Refused != "" || a.Principal == nil:
		return nil, false, fmt.Errorf("auth %s: %s", g.Auth.Ref().Alias, a.Refused)
	}
	if err := a.Principal.Check(); err != nil {
		return nil, false, err
	}
	expires, err := time.Parse(time.RFC3339, a.Principal.Expires)
	if err != nil || !now.Before(expires) {
		return nil, false, fmt.Errorf("auth %s: the principal's expiry %q is no time to come", g.Auth.Ref().Alias, a.Principal.Expires)
	}
	return &Caller{principal: *a.Principal, expires: expires, call: c.ID, gate: g}, a.Cacheable, nil
}

// established records that the auth plugin has said who the caller is.
func (g *Gate) established(ctx context.Context, c *Call, caller *Caller) error {
	if !Wants(g.Log, AuthSuccess) {
		return nil
	}
	_, err := g.record(ctx, Entry{
		Actor: caller.principal.ID, Action: "authenticate", Resource: prefix(c.Peer), Outcome: Success, TraceID: c.Trace, Parent: c.Parent,
		Kind: KindHost, Event: AuthSuccess, Call: c.ID, Plugins: []PluginRef{g.Auth.Ref()},
	})
	return err
}

// Stranger counts a request that was turned away before anybody asked who sends it, in the same summaries as refusals.
func (g *Gate) Stranger(peer, class string) { g.strangers.note(peer, class, nil) }
