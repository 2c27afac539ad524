package main

import (
	"bytes"
	"context"
	"fmt"

	"bulkhead/bench/guests"
	"bulkhead/bench/peers"
	"bulkhead/bench/report"
)

// instances compares a call on an instance that nobody has used: of a small guest, of one with as much memory as a C
// program has, and of stock Go.
func (b *bench) instances(ctx context.Context) error {
	request := bytes.Repeat([]byte("x"), 64)
	for _, g := range []struct {
		name, title string
		pages       uint32
	}{{"clean64", "64 KiB", 1}, {"clean192", "192 KiB, as C has it", 3}} {
		t, err := b.compare(ctx, comparison{
			name: g.name, title: "A clean instance and a call, a guest of " + g.title, base: place{engine: onWazero}.String() + clean,
			notes:   "An echo of 64 bytes on an instance in which no trace of another call is left. Peers make a new instance for every call; go-plugin a new process.",
			request: request, check: equals(request), entries: b.cleanEntries(guests.Echo(g.pages)),
		})
		if err != nil {
			return err
		}
		for _, at := range inline() {
			b.aimMedian(t, fmt.Sprintf("clean instance and a call, %s, %s", g.title, at), 5000, at.String()+clean)
		}
	}
	return b.cleanGo(ctx, request)
}

func (b *bench) cleanEntries(guest []byte) []entry {
	all := []entry{
		{name: nameInterpreter + ", a new instance", open: b.fresh(guest, true)},
		{name: alone(onWazero) + ", a new instance", open: b.fresh(guest, false)},
		{name: nameWasmtimeGo + ", a new store and instance", open: b.freshWasmtimeGo(guest)},
		{name: nameExtism + ", a new instance", open: func(ctx context.Context) (peers.Caller, error) {
			return peers.FreshExtism(ctx, b, guests.ExtismEcho(), guests.EchoName, timeout)
		}},
		{name: nameGRPC + ", a new process", open: b.freshGoPlugin, once: true},
	}
	for _, at := range places() {
		all = append(all, entry{name: at.String() + clean, open: b.ours(at, guest, false)})
	}
	return all
}

func (b *bench) fresh(guest []byte, interpreted bool) opening {
	return func(ctx context.Context) (peers.Caller, error) {
		if interpreted {
			return peers.Fresh(ctx, b, guest, peers.Interpreter())
		}
		return peers.Fresh(ctx, b, guest, peers.Compiler())
	}
}

func (b *bench) freshWasmtimeGo(guest []byte) opening {
	return func(context.Context) (peers.Caller, error) {
		w, err := peers.NewWasmtimeGo(guest, 0, peers.World{})
		if err != nil {
			return nil, err
		}
		b.Closing(w.Close)
		return func(ctx context.Context, dst, request []byte) ([]byte, error) {
			c, err := w.Instance()
			if err != nil {
				return nil, err
			}
			return c(ctx, dst, request)
		}, nil
	}
}

// freshGoPlugin starts a process for every call, which is how calls start clean there.
func (b *bench) freshGoPlugin(context.Context) (peers.Caller, error) {
	return func(ctx context.Context, dst, request []byte) ([]byte, error) {
		g, err := peers.StartGoPlugin(peers.GRPC, childVariable, nil)
		if err != nil {
			return nil, err
		}
		defer g.Close()
		return g.Caller(serviceEcho)(ctx, dst, request)
	}, nil
}

func (b *bench) cleanGo(ctx context.Context, request []byte) error {
	guest, err := b.goGuest(ctx)
	if err != nil {
		return err
	}
	c := comparison{
		name: "cleango", title: "A clean instance and a call, a guest of stock Go", base: goGuestName + place{engine: onWazero}.String() + clean,
		notes:   "The runtime of Go has started before the snapshot; every call begins there. Its memory is 2.5 MiB and more.",
		request: append([]byte("echo "), request...), check: equals(request),
	}
	for _, at := range places() {
		c.entries = append(c.entries, entry{name: goGuestName + at.String() + clean, open: b.ours(at, guest, false)},
			entry{name: goGuestName + at.String() + noReset, open: b.ours(at, guest, true)})
	}
	var t *report.Table
	if t, err = b.compare(ctx, c); err == nil {
		b.aimMedian(t, "clean call of a Go guest, wazero inline", 25_000, goGuestName+place{engine: onWazero}.String()+clean)
	}
	return err
}
