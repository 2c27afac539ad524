package main

import (
	"context"
	"encoding/json"
	"fmt"

	"bulkhead/abi"
	"bulkhead/bench/guests"
	"bulkhead/bench/peers"
	"bulkhead/bench/report"
)

// A guarantee is one step: what it is called, what it adds, and how it is opened.
type guarantee struct {
	name, adds string
	open       opening
}

// guarantees measures the same call with one guarantee more at each step, on both engines.
func (b *bench) guarantees(ctx context.Context) error {
	answer, err := json.Marshal(toolAnswer())
	if err != nil {
		return err
	}
	request, err := json.Marshal(toolRequest())
	if err != nil {
		return err
	}
	h, err := b.newHousehold(ctx)
	if err != nil {
		return err
	}
	c := comparison{
		name: "guarantees", title: "The price of each guarantee", base: stepName(onWazero, "raw call"), request: request,
		notes: "One tool call, the same guest and the same bytes at each step; from \"auth\" on it goes through the gate, whose identifiers, digests and JSON are in that step. " +
			"Auth and policy plugins are stock Go, each in a worker; the caller's principal is in the gate's cache. The log writes two entries and flushes each to the device.",
		check: holds(answer), receipts: true,
	}
	for _, engine := range []string{onWazero, onWasmtime} {
		s := report.Slope{Name: "guarantees-" + engine, Title: "The price of each guarantee, on " + engine, Table: c.name, Notes: c.notes}
		steps, err := b.steps(ctx, h, engine, guests.Says(string(answer)))
		if err != nil {
			return err
		}
		for _, g := range steps {
			name := stepName(engine, g.name)
			c.entries = append(c.entries, entry{name: name, open: g.open})
			s.Steps, s.Labels = append(s.Steps, name), append(s.Labels, g.adds)
		}
		b.run.Slopes = append(b.run.Slopes, s)
	}
	_, err = b.compare(ctx, c)
	return err
}

func stepName(engine, step string) string { return engine + ": " + step }

func toolAnswer() abi.ToolAnswer {
	return abi.ToolAnswer{Content: []abi.Content{{Type: "text", Text: "the part is a seven"}}}
}

func toolRequest() abi.ToolRequest {
	return abi.ToolRequest{Tool: "label", Arguments: json.RawMessage(`{"part":"4711"}`), Call: "0190b7d0-0000-7000-8000-000000000000", Principal: "bench"}
}

// holds checks that an answer has that text in it: with a receipt there is more.
func holds(want []byte) func([]byte) error {
	return func(answer []byte) error {
		var a, b abi.ToolAnswer
		if err := json.Unmarshal(answer, &a); err != nil {
			return err
		}
		if err := json.Unmarshal(want, &b); err != nil {
			return err
		}
		if len(a.Content) != 1 || a.Content[0].Text != b.Content[0].Text {
			return fmt.Errorf("answers %s, want %s", answer, want)
		}
		return nil
	}
}

// steps are the configurations, in order.
func (b *bench) steps(ctx context.Context, h *household, engine string, guest []byte) ([]guarantee, error) {
	at, worker := place{engine: engine}, place{engine, true}
	raw := func(reset bool) opening {
		return func(ctx context.Context) (peers.Caller, error) {
			r, err := b.raw(ctx, engine, guest, peers.World{})
			if err != nil {
				return nil, err
			}
			if reset {
				return r.Reset, nil
			}
			return r.Call, nil
		}
	}
	g, err := h.open(ctx, worker, guest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", engine, err)
	}
	return []guarantee{
		{"raw call", "the engine alone", raw(false)},
		{"+ reset", "memory is put back after every call", raw(true)},
		{"+ metering", "fuel, deadline, stack; the checks of the ABI", b.ours(at, guest, false)},
		{"+ process", "a worker in the kernel's sandbox", b.ours(worker, guest, false)},
		{"+ auth", "the gate, and who the caller is", g.caller(gateParts{})},
		{"+ policy", "a policy plugin says yes", g.caller(gateParts{policy: true})},
		{"+ durable log", "two entries, flushed to the device", g.caller(gateParts{policy: true, log: h.log})},
		{"+ receipt", "the answer proves that it is logged", g.caller(gateParts{policy: true, log: h.log, receipt: true})},
	}, nil
}
