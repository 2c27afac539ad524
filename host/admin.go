package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"bulkhead/host/control"
	"bulkhead/host/gate"
)

// An act is one thing that an administrator may ask of a running host.
type act struct {
	looks    bool // it changes nothing
	resource bool // it needs one: on what
	run      func(ctx context.Context, resource string) (any, error)
}

// acts lists all of them by the name of their action.
func (h *running) acts() map[string]act {
	return map[string]act{
		actionStatus:   {looks: true, run: func(context.Context, string) (any, error) { return h.status(), nil }},
		actionPrunable: {looks: true, resource: true, run: h.pruneAct(true)},
		actionPrune:    {resource: true, run: h.pruneAct(false)},
	}
}

// listenControl opens the host to administrators.
func (h *running) listenControl() (err error) {
	acts := h.acts()
	h.control, err = control.Listen(control.Config{
		Dir:     h.dir.Path(),
		Refused: func(uid uint32) { h.gate.Stranger(fmt.Sprintf("uid:%d", uid), "control socket") },
		Handle: func(ctx context.Context, uid uint32, r control.Request) (json.RawMessage, error) {
			return h.administer(ctx, acts, uid, r)
		},
	})
	return err
}

// administer carries an act through the gate. An administrator may see why it failed.
func (h *running) administer(ctx context.Context, acts map[string]act, uid uint32, r control.Request) (json.RawMessage, error) {
	a, known := acts[r.Action]
	var run func(context.Context) (json.RawMessage, error)
	if known {
		run = func(ctx context.Context) (json.RawMessage, error) { return a.perform(ctx, r.Resource) }
	}
	done, err := h.gate.Admin(ctx, gate.Act{UID: uid, Action: r.Action, Resource: r.Resource, Looks: a.looks}, run)
	var e *gate.Error
	if errors.As(err, &e) {
		err = fmt.Errorf("%w: %w", err, e.Cause)
	}
	return done.Result, err
}

func (a act) perform(ctx context.Context, resource string) (json.RawMessage, error) {
	if a.resource != (resource != "") {
		return nil, fmt.Errorf("a resource is needed: %v, given: %v", a.resource, resource != "")
	}
	result, err := a.run(ctx, resource)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}
