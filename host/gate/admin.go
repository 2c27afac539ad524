package gate

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"bulkhead/abi"
)

// AdminPrefix begins the name of every administrative action. Do refuses such an action to everybody: administration has
// a way of its own.
const AdminPrefix = "host/"

// An Act is what an administrator asks of the host: somebody who has power over it on this machine anyway, known by a fact
// of the transport. No plugin is asked who that is or whether it may be: the plugins may be what has to be administered.
type Act struct {
	UID      uint32 // user id on this machine, from the kernel
	Action   string // AdminPrefix and a name
	Resource string // on what; "" where the action has none
	Looks    bool   // the act changes nothing
}

// Admin records an act, then does it, then records how it ended: a decision and a result, as of any call, with the actor
// system/uid:N. An act that only looks has one entry, of kind host and durable before it looks: how it ended changes
// nothing, and it may be repeated every second. run nil means that there is no such act, which is recorded too. Every
// error is an *Error, and an administrator may see its Cause.
func (g *Gate) Admin(ctx context.Context, a Act, run func(context.Context) (json.RawMessage, error)) (Done, error) {
	start := time.Now()
	c := &Call{Action: escape(a.Action, maxWords), Resource: a.Resource}
	c.adopt("")
	if err := g.calls.enter(); err != nil {
		return Done{Call: c.ID}, &Error{Kind: ErrUnavailable, Call: c.ID, Cause: err}
	}
	defer g.calls.leave()
	x := g.newExchange(c, &Caller{principal: abi.Principal{ID: fmt.Sprintf("system/uid:%d", a.UID)}}, start)
	x.admin = true
	rand.Read(x.salt[:]) // never fails (crypto/rand)
	if err := x.admit(ctx, a, run != nil); err != nil {
		return Done{Call: c.ID}, err
	}
	act := &actRunner{do: run}
	if !a.Looks {
		return x.run(ctx, act)
	}
	_, result, kind, err := x.perform(ctx, act)
	if err != nil {
		return Done{Call: c.ID}, x.fail(kind, err)
	}
	return Done{Call: c.ID, Result: result, Time: time.Since(start)}, nil
}

var errNoAct = errors.New("there is no such administrative action")

// admit records that the act comes, or that there is none of this name.
func (x *exchange) admit(ctx context.Context, a Act, known bool) error {
	kind, outcome, reason := KindDecision, Success, "asked over the control socket"
	if a.Looks {
		kind = KindHost
	}
	known = known && strings.HasPrefix(a.Action, AdminPrefix)
	if !known {
		kind, outcome, reason = KindDecision, Failure, errNoAct.Error()
	}
	entry := x.entry(kind, outcome, reason)
	if _, err := x.record(ctx, entry); err != nil {
		return x.fail(ErrUnavailable, err)
	}
	if !known {
		return x.fail(ErrInvalid, errNoAct)
	}
	return nil
}

// An actRunner is an act as a Runner.
type actRunner struct {
	do     func(context.Context) (json.RawMessage, error)
	result json.RawMessage
}

// Run implements Runner.
func (r *actRunner) Run(ctx context.Context, _ *Caller) (_ *abi.ToolAnswer, err error) {
	r.result, err = r.do(ctx)
	return nil, err
}

// Encode implements Runner.
func (r *actRunner) Encode(*abi.ToolAnswer) (json.RawMessage, error) { return r.result, nil }
