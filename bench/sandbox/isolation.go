package main

import (
	"time"

	"bulkhead/bench/sandbox/measure"
)

// thinking is the pause of a caller who does something between two calls, long enough for a worker to fall asleep.
const thinking = 50 * time.Microsecond

// isolation compares a call in this process with one in a worker: back to back, and after a pause.
func (b *bench) isolation() error {
	shapes, err := b.shapes()
	if err != nil {
		return err
	}
	all := []measure.Contender{measure.Clock()}
	for _, s := range shapes {
		if s.name != nameEcho(1) && s.name != nameEcho(2) && s.name != nameGo {
			continue
		}
		for _, at := range []place{{engine: "wazero"}, workers()} {
			for _, stateful := range []bool{true, false} {
				x, err := b.isolated(at, s, stateful)
				if err != nil {
					return err
				}
				all = append(all, x)
				x.Name, x.Think = pausedName(x.Name), thinking
				all = append(all, x)
			}
		}
	}
	t, err := b.compare(measure.Table{
		Name: "isolation", Title: "Inline against a worker", Base: callName(place{engine: "wazero"}, nameEcho(1), false),
		Notes: "Every call timed alone, so that p99 is of calls; the clock's own price is in all rows.",
	}, all)
	if err == nil {
		name := callName(workers(), nameEcho(1), false)
		b.aimMedians(t, "64 B echo, wazero in a worker, clean, back to back", 3000, name)
		b.aimMedians(t, "64 B echo, wazero in a worker, clean, after 50 µs", 20_000, pausedName(name))
	}
	return err
}

func pausedName(name string) string { return name + ", after " + thinking.String() }

func (b *bench) isolated(at place, s shape, stateful bool) (measure.Contender, error) {
	c, err := b.ours(at, s.guest, stateful)
	if err != nil {
		return measure.Contender{}, err
	}
	x, err := b.contender(callName(at, s.name, stateful), c, s.request, s.want)
	x.Each = true
	return x, err
}
