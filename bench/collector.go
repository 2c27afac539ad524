package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"bulkhead/bench/guests"
	"bulkhead/bench/peers"
	"bulkhead/bench/report"
	"bulkhead/runtimes"
)

const (
	taskCollect    = "collect"
	collectNothing = "nothing else in the process"
	collections    = 20
	collectAim     = 20 * time.Millisecond
)

// collector shows how long Go's garbage collector takes, which stops the world twice, while a guest spins. Everyone has a
// process of its own, so that no heap but its own is collected.
func (b *bench) collector(ctx context.Context) error {
	rows := []report.Ending{}
	for _, e := range guests.Endlesses() {
		if e.Name == guests.Hosted {
			continue // it does not spin
		}
		hosts := []string{collectNothing, place{engine: onWazero}.String(), place{onWazero, true}.String(), place{engine: onWasmtime}.String(), alone(onWazero), nameClosing}
		for i, host := range hosts {
			figures, killed, err := b.ask(ctx, task(taskCollect, e.Name, host))
			if err == nil && len(figures) == 0 && !killed {
				err = errors.New("no time was told")
			}
			if err != nil {
				return fmt.Errorf("%s, %s: %w", host, e.Name, err)
			}
			row := ending(e.Name, host, figures, killed)
			rows = append(rows, row)
			if i == 1 || i == 2 {
				b.aim(report.Aim{What: fmt.Sprintf("slowest runtime.GC() beside a guest: %s, %s", e.Name, host), Unit: report.Time, Want: float64(collectAim), Value: worst(row)})
			}
		}
	}
	b.endings("collector", "Go's garbage collector beside a guest that spins", "How long `runtime.GC()` takes, for which every goroutine of the process waits.", rows)
	return nil
}

// collect is a child's task: it has a guest spin on a host, and collects.
func (b *bench) collect(ctx context.Context, guest, host string) error {
	spin, err := b.spinning(ctx, guest, host)
	if err != nil {
		return err
	}
	ready()
	ended := make(chan error, 1)
	go func() { ended <- spin() }()
	time.Sleep(20 * time.Millisecond) // it is at work
	for range collections {
		before := time.Now()
		runtime.GC()
		tell(int64(time.Since(before)))
	}
	select {
	case err := <-ended:
		if host != collectNothing {
			return fmt.Errorf("%s, %s: ended by itself: %v", host, guest, err)
		}
	default:
	}
	return nil
}

// spinning is a call that outlasts the child.
func (b *bench) spinning(ctx context.Context, guest, host string) (func() error, error) {
	if host == collectNothing {
		return func() error { return nil }, nil
	}
	e, err := endlessOf(guest)
	if err != nil {
		return nil, err
	}
	for _, at := range places() {
		if host != at.String() {
			continue
		}
		p := b.program(e.Plugin)
		p.Limits.Timeout, p.Limits.Fuel = time.Minute, runtimes.MaxFuel
		m, err := b.load(ctx, at, p)
		return func() error { _, err := m.Call(ctx, nil, nil); return err }, err
	}
	config := peers.Compiler()
	if host == nameClosing {
		config = peers.Closing()
	}
	p, err := peers.NewPlain(ctx, b, e.Plugin, config, peers.World{})
	return func() error { _, err := p.Within(time.Minute)(ctx, nil, nil); return err }, err
}
