package main

import (
	"context"

	"bulkhead/bench/guests"
	"bulkhead/bench/peers"
)

// A kernel is work without host functions.
type kernel struct {
	name, title string
	guest       []byte
	aim         float64 // metered over plain, on wazero; 0: there is none
}

func meteredKernels() []kernel {
	return []kernel{
		{"loop", "tight loop, xorshift", guests.Loop(), 1.3},
		{"tree", "call tree, Fibonacci", guests.Tree(), 0},
		{"vector", "matrix kernel, f32 in vectors", guests.Vector(), 1.1},
		{"scalar", "matrix kernel, f32 scalar", guests.Scalar(), 0},
	}
}

func metered(engine string) string { return place{engine: engine}.String() + ", metered" }

// metering compares each kernel as it is, metered, and with the engine's own way to end it.
func (b *bench) metering(ctx context.Context) error {
	for _, k := range meteredKernels() {
		plain, err := peers.NewPlain(ctx, b, k.guest, peers.Compiler(), peers.World{})
		if err != nil {
			return err
		}
		want, err := plain.Call(ctx, nil, nil)
		if err != nil {
			return err
		}
		t, err := b.compare(ctx, comparison{
			name: "metering-" + k.name, title: "Metering: " + k.title, base: alone(onWazero), check: equals(want),
			notes: "Nothing ends a guest on an engine alone. Metered ones count their fuel in the code itself. The engines' own interruptions are wazero's WithCloseOnContextDone and wasmtime's epochs.",
			entries: []entry{
				{name: alone(onWazero), open: b.onEngine(onWazero, k.guest, peers.World{})},
				{name: metered(onWazero), open: b.ours(place{engine: onWazero}, k.guest, true)},
				{name: nameClosing, open: func(ctx context.Context) (peers.Caller, error) {
					p, err := peers.NewPlain(ctx, b, k.guest, peers.Closing(), peers.World{})
					if err != nil {
						return nil, err
					}
					return p.Within(timeout), nil
				}},
				{name: alone(onWasmtime), open: b.onEngine(onWasmtime, k.guest, peers.World{})},
				{name: metered(onWasmtime), open: b.ours(place{engine: onWasmtime}, k.guest, true)},
				{name: nameWasmtimeGo, open: b.onWasmtimeGo(k.guest, peers.World{})},
				{name: nameEpochs, open: func(context.Context) (peers.Caller, error) {
					w, err := peers.NewWasmtimeGo(k.guest, timeout, peers.World{})
					if err != nil {
						return nil, err
					}
					b.Closing(w.Close)
					return w.Instance()
				}},
			},
		})
		if err != nil {
			return err
		}
		if k.aim > 0 {
			b.aimRatio(t, "metered over not, wazero, "+k.title, k.aim, metered(onWazero), alone(onWazero))
		}
	}
	return nil
}
