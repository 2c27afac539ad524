package main

import (
	"bytes"
	"context"
	"time"

	"bulkhead/bench/guests"
	"bulkhead/bench/peers"
)

// thinking is the pause of a caller who does something between two calls, long enough for a worker to fall asleep.
const thinking = 50 * time.Microsecond

// tails times every call alone, back to back and after a pause, so that the slowest in a hundred are seen.
func (b *bench) tails(ctx context.Context) error {
	guest, words := guests.Echo(1), bytes.Repeat([]byte("x"), 64)
	var all []entry
	for _, at := range places() {
		e := entry{name: at.String() + clean, open: b.ours(at, guest, false)}
		all = append(all, e)
		e.name, e.think = pausedName(e.name), thinking
		all = append(all, e)
	}
	all = append(all,
		entry{name: nameWasmtimeGo, open: b.onWasmtimeGo(guest, peers.World{})},
		entry{name: nameExtism, open: b.onExtism(guests.ExtismEcho(), guests.EchoName, timeout, peers.World{})},
		entry{name: nameNetRPC, open: b.onGoPlugin(peers.NetRPC, serviceEcho, nil)},
		entry{name: nameGRPC, open: b.onGoPlugin(peers.GRPC, serviceEcho, nil)},
		entry{name: pausedName(nameGRPC), open: b.onGoPlugin(peers.GRPC, serviceEcho, nil), think: thinking},
	)
	t, err := b.compare(ctx, comparison{
		name: "tails", title: "Every call timed alone", base: place{engine: onWazero}.String() + clean, each: true,
		notes: "An echo of 64 bytes. p20, median and p99 are of calls here, not of batches; what the clock takes is in all rows. " +
			"A worker watches for some microseconds after each call and then sleeps; after a pause it must be woken.",
		request: words, check: equals(words), entries: all,
	})
	if err == nil {
		worker := place{onWazero, true}.String() + clean
		b.aimMedian(t, "64 B echo, wazero in a worker, clean, back to back", 3000, worker)
		b.aimMedian(t, "64 B echo, wazero in a worker, clean, after 50 µs", 20_000, pausedName(worker))
	}
	return err
}

func pausedName(name string) string { return name + ", after " + thinking.String() }
