package gate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"bulkhead/abi"
)

// Authenticate finds out who makes the call and fills in the call's ID, Trace and Caller. Refusals are counted and
// summarized in the log, never written one by one: a stranger must not be able to fill it. Every error is an *Error.
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

var traceID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// adopt gives the call its identifiers: those of the request that it belongs to, or new ones.
func (c *Call) adopt(id string) {
	if c.ID == "" {
		c.ID = id
	}
	if c.ID == "" {
		c.ID = uuid.Must(uuid.NewV7()).String()
	}
	if !traceID.MatchString(c.Trace) || c.Trace == strings.Repeat("0", 32) {
		var b [16]byte
		rand.Read(b[:]) // never fails (crypto/rand)
		c.Trace = hex.EncodeToString(b[:])
	}
}

// Stranger counts a request that was turned away before anybody asked who sends it, in the same summaries as refusals.
func (g *Gate) Stranger(peer, class string) { g.strangers.note(peer, class, nil) }
