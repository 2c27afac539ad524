package main

import (
	"maps"
	"slices"

	"bulkhead/bench/sandbox/guests"
	"bulkhead/bench/sandbox/measure"
)

// A kernel is work without host functions.
type kernel struct {
	name  string
	guest []byte
	aim   float64 // metered over plain, on wazero; 0: there is none
}

func kernels() []kernel {
	return []kernel{
		{"tight loop, xorshift", guests.Loop(), 1.3},
		{"call tree, Fibonacci", guests.Tree(), 0},
		{"matrix kernel, f32 in vectors", guests.Vector(), 1.1},
		{"matrix kernel, f32 scalar", guests.Scalar(), 0},
	}
}

const (
	plainName   = "wazero alone, nothing ends it"
	closingName = "wazero alone, WithCloseOnContextDone"
)

// metering compares each kernel as it is, metered, and with the engine's own way to end it.
func (b *bench) metering() error {
	for _, k := range kernels() {
		t, err := b.meter(k)
		if err != nil {
			return err
		}
		base, _ := t.Row(t.Base)
		metered, _ := t.Row(meteredName(place{engine: "wazero"}))
		if k.aim > 0 {
			b.aimRatio("metering over none, wazero, "+k.name, k.aim, metered.Over(base))
		}
	}
	return nil
}

func meteredName(at place) string { return at.String() + ", metered" }

func (b *bench) meter(k kernel) (*measure.Table, error) {
	alone, err := b.plain(k.guest, compiler())
	if err != nil {
		return nil, err
	}
	interrupted, err := b.plain(k.guest, closing())
	if err != nil {
		return nil, err
	}
	callers := map[string]caller{plainName: alone.call, closingName: interrupted.timed}
	for _, at := range inline() {
		if callers[meteredName(at)], err = b.ours(at, k.guest, true); err != nil {
			return nil, err
		}
	}
	others, err := b.unmetered(k.guest)
	if err != nil {
		return nil, err
	}
	maps.Copy(callers, others)
	want, err := alone.call(b.ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	var all []measure.Contender
	for _, name := range slices.Sorted(maps.Keys(callers)) {
		x, err := b.contender(name, callers[name], nil, want)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return b.compare(measure.Table{Name: "metering/" + k.name, Title: "Metering: " + k.name, Base: plainName}, all)
}
