package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"bulkhead/bench/sandbox/guests"
	"bulkhead/runtimes"
)

const (
	taskCollect    = "collect"
	collectNothing = "nothing"
	collections    = 20
	collectAim     = 20 * time.Millisecond
)

// collector shows how long Go's garbage collector takes, which stops the world twice, while a guest spins. Everyone has a
// process of its own, so that no heap but its own is collected.
func (b *bench) collector() error {
	rows := outcomes{columns: "runtime.GC() took"}
	if _, err := b.collected(&rows, "none", "nothing else in the process", collectNothing); err != nil {
		return err
	}
	for _, e := range guests.Endlesses() {
		for _, at := range []place{{engine: "wazero"}, workers()} {
			times, err := b.collected(&rows, e.Name, "ours, "+at.String(), at.String())
			if err != nil {
				return err
			}
			b.aimTime(fmt.Sprintf("slowest runtime.GC() beside a guest: %s, %s", e.Name, at), float64(collectAim), float64(slices.Max(times)))
		}
		for _, name := range []string{plainName, closingName} {
			if _, err := b.collected(&rows, e.Name, name, name); err != nil {
				return err
			}
		}
	}
	b.parts = append(b.parts, "## The garbage collector beside a guest that spins\n\nEvery goroutine of the process waits for it.\n\n"+rows.String())
	return nil
}

// collected has a child collect and adds what came of it.
func (b *bench) collected(rows *outcomes, guest, who, host string) ([]time.Duration, error) {
	times, killed, err := ask(b.ctx, strings.Join([]string{taskCollect, guest, host}, "/"))
	if err == nil && len(times) == 0 && !killed {
		err = fmt.Errorf("%s, %s: no time was told", who, guest)
	}
	rows.add(guest, who, times, killed)
	return times, err
}

// collect is a child's task: it has a guest spin on a host, and collects.
func (b *bench) collect(guest, host string) error {
	spin, err := b.spinning(guest, host)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- spin() }()
	time.Sleep(20 * time.Millisecond) // it is at work
	for range collections {
		before := time.Now()
		runtime.GC()
		tell(time.Since(before))
	}
	select {
	case err := <-ended:
		if host != collectNothing {
			return fmt.Errorf("%s, %s: ended with %w", host, guest, err)
		}
	default:
	}
	return nil
}

// spinning is a call that outlasts the child.
func (b *bench) spinning(guest, host string) (func() error, error) {
	if host == collectNothing {
		return func() error { return nil }, nil
	}
	e, err := endlessOf(guest)
	if err != nil {
		return nil, err
	}
	for _, at := range []place{{engine: "wazero"}, workers()} {
		if host != at.String() {
			continue
		}
		p := program(e.Plugin)
		p.Limits.Timeout, p.Limits.Fuel = time.Minute, runtimes.MaxFuel
		m, err := b.load(at, p)
		return func() error { _, err := m.Call(b.ctx, nil, nil); return err }, err
	}
	config := compiler()
	if host == closingName {
		config = closing()
	}
	p, err := b.plain(e.Plugin, config)
	return func() error { _, err := p.timed(b.ctx, nil, nil); return err }, err
}
