package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/tetratelabs/wazero"

	"bulkhead/bench/sandbox/guests"
	"bulkhead/runtimes"
)

const (
	taskCollect        = "collect"
	taskCollectClosing = "collectclosing"
	collections        = 20
	collectAim         = 20 * time.Millisecond
)

// collector shows how long Go's garbage collector takes, which stops the world twice, while a guest spins.
func (b *bench) collector() error {
	rows := outcomes{columns: "runtime.GC() took"}
	rows.add("none", "ours", collect(collections), false)
	for _, e := range guests.Endlesses() {
		for _, at := range []place{{engine: "wazero"}, workers()} {
			times, err := b.collectBeside(at, e)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", at, e.Name, err)
			}
			rows.add(e.Name, "ours, "+at.String(), times, false)
			b.aimTime(fmt.Sprintf("slowest runtime.GC() beside a %s, %s", e.Name, at), float64(collectAim), float64(slices.Max(times)))
		}
		for _, plain := range []struct{ name, task string }{{plainName, taskCollect}, {closingName, taskCollectClosing}} {
			times, killed, err := ask(b.ctx, plain.task+"/"+e.Name)
			if err != nil {
				return err
			}
			rows.add(e.Name, plain.name, times, killed)
		}
	}
	b.parts = append(b.parts, "## The garbage collector beside a guest that spins\n\nEvery goroutine of the process waits for it.\n\n"+rows.String())
	return nil
}

func collect(n int) (times []time.Duration) {
	for range n {
		before := time.Now()
		runtime.GC()
		times = append(times, time.Since(before))
	}
	return times
}

// collectBeside collects while a module of ours spins.
func (b *bench) collectBeside(at place, e guests.Endless) ([]time.Duration, error) {
	p := program(e.Plugin)
	p.Limits.Timeout, p.Limits.Fuel = time.Minute, runtimes.MaxFuel
	m, err := b.load(at, p)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := m.Call(ctx, nil, nil)
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond) // it is at work
	times := collect(collections)
	select {
	case err := <-ended:
		cancel()
		return nil, fmt.Errorf("ended with %v", err)
	default:
	}
	cancel()
	<-ended
	return times, nil
}

// collectBesidePlain is a child's task.
func collectBesidePlain(guest string, c wazero.RuntimeConfig) error {
	e, err := endlessOf(guest)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p, err := (&bench{ctx: ctx}).plain(e.Plugin, c)
	if err != nil {
		return err
	}
	go p.call(ctx, nil, nil)
	time.Sleep(20 * time.Millisecond)
	for range collections {
		tell(collect(1)[0])
	}
	return nil
}
