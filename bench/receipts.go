package main

import (
	"context"
	"encoding/json"
	"fmt"

	"bulkhead/bench/guests"
	"bulkhead/bench/logs"
	"bulkhead/bench/report"
	"bulkhead/host/gate"
)

const receiptCallers = 16

// Contenders of the receipts, behind where the plugins are.
const (
	withoutSigning  = ": a log that signs nothing, no receipt"
	withoutReceipts = ": our log, no receipt"
	withReceipts    = ": our log, a receipt in each answer"
)

// receipts compares a gate that gives receipts with the same gate over a log without tree, signature and proof.
func (b *bench) receipts(ctx context.Context) error {
	h, err := b.newHousehold(ctx)
	if err != nil {
		return err
	}
	answer, err := json.Marshal(toolAnswer())
	if err != nil {
		return err
	}
	folder, err := b.temporary()
	if err != nil {
		return err
	}
	grouped, err := logs.NewGrouped(folder)
	if err != nil {
		return err
	}
	b.Closing(func() { grouped.Close() })
	unsigned := &logs.Unsigned{To: grouped}
	worker, inline := place{onWazero, true}, place{engine: onWazero}
	var loops []closedLoop
	for _, at := range []place{worker, inline} {
		g, err := h.open(ctx, at, guests.Says(string(answer)))
		if err != nil {
			return err
		}
		base := at.String() + withoutSigning
		for _, x := range []struct {
			name string
			gateParts
		}{
			{base, gateParts{true, false, unsigned}}, {report.Again(base), gateParts{true, false, unsigned}},
			{at.String() + withoutReceipts, gateParts{true, false, h.log}}, {at.String() + withReceipts, gateParts{true, true, h.log}},
		} {
			loop, err := g.loop(ctx, x.name, x.gateParts, holds(answer))
			if err != nil {
				return fmt.Errorf("%s: %w", x.name, err)
			}
			loops = append(loops, loop)
		}
	}
	rows, err := b.closedLoops(ctx, loops)
	if err != nil {
		return err
	}
	each := len(rows) / 2
	for i, at := range []place{worker, inline} {
		t, err := b.keepLoops("receipts-"+map[bool]string{true: "worker", false: "inline"}[at.process], fmt.Sprintf("tools/call with receipts, %s, %s", at, callersName(receiptCallers)),
			"The time for a call, over all callers, through the same gate: auth from its cache, a policy plugin, the tool, two entries. What is compared with makes the entries' JSON and hash and shares flushes too, "+
				"but has no chain, no tree, no signature, no proof, and its answers are shorter.", at.String()+withoutSigning, rows[i*each:(i+1)*each])
		if err != nil {
			return err
		}
		want := 1 / 0.85
		if !at.process {
			want = noAim // the rest of a call is cheaper there
		}
		b.aimRatio(t, fmt.Sprintf("tools/call with receipts over none and no signing, %s, %s (15 %% less throughput is 1.18x)", at, callersName(receiptCallers)), want,
			at.String()+withReceipts, at.String()+withoutSigning)
	}
	return nil
}

// loop is one gate that has an answer checked before it is measured.
func (g *gatehouse) loop(ctx context.Context, name string, with gateParts, check func([]byte) error) (closedLoop, error) {
	call, err := g.caller(with)(ctx)
	if err != nil {
		return closedLoop{}, err
	}
	first, err := call(ctx, nil, nil)
	if err == nil {
		err = check(first)
	}
	return closedLoop{name, receiptCallers, func(ctx context.Context) error {
		_, err := call(ctx, nil, nil)
		return err
	}}, err
}

var _ gate.Log = (*logs.Unsigned)(nil)
