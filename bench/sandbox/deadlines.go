package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bulkhead/bench/sandbox/guests"
	"bulkhead/runtimes"
)

const (
	promised     = 100 * time.Millisecond
	taskDeadline = "deadline"
	tries        = 10
)

// deadlines shows when a guest that does not end by itself is really ended, of those who promise 100 ms.
func (b *bench) deadlines() error {
	rows := outcomes{columns: "promised 100 ms, it took"}
	for _, e := range guests.Endlesses() {
		for _, at := range []place{{engine: "wazero"}, workers()} {
			times, err := b.endless(at, e)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", at, e.Name, err)
			}
			rows.add(e.Name, "ours, "+at.String(), times, false)
			b.aimTime(fmt.Sprintf("slowest end of a call that has 100 ms, %s, %s", e.Name, at), float64(promised+runtimes.Grace), float64(slices.Max(times)))
		}
		times, killed, err := ask(b.ctx, taskDeadline+"/"+e.Name)
		if err != nil {
			return err
		}
		rows.add(e.Name, "Extism, timeout 100 ms", times, killed)
	}
	b.parts = append(b.parts, "## Deadlines\n\nA guest that does not end by itself, and hosts that promise to end it after 100 ms. "+
		"The peer runs in a process of its own: where it cannot end the guest, it takes its whole process with it at the next garbage collection.\n\n"+rows.String())
	return nil
}

// endless has a module of ours end a guest, many times.
func (b *bench) endless(at place, e guests.Endless) (times []time.Duration, err error) {
	p := program(e.Plugin)
	p.Limits.Timeout, p.Limits.Fuel = promised, runtimes.MaxFuel
	m, err := b.load(at, p)
	if err != nil {
		return nil, err
	}
	for range tries {
		before := time.Now()
		if _, err := m.Call(b.ctx, nil, nil); !errors.Is(err, runtimes.ErrLimit) {
			return nil, fmt.Errorf("ended with %v", err)
		}
		times = append(times, time.Since(before))
	}
	return times, nil
}

// extismDeadlines is a child's task: an instance is closed for good by its timeout, so each try has its own.
func extismDeadlines(guest string) error {
	e, err := endlessOf(guest)
	if err != nil {
		return err
	}
	ctx := context.Background()
	c, err := compiledExtism(ctx, e.Extism, uint64(promised/time.Millisecond))
	if err != nil {
		return err
	}
	for range tries {
		p, err := instance(ctx, c)
		if err != nil {
			return err
		}
		before := time.Now()
		if _, _, err := p.CallWithContext(ctx, guests.Spin, nil); err == nil {
			return fmt.Errorf("%s has come to an end", guest)
		}
		tell(time.Since(before))
	}
	return nil
}

func endlessOf(name string) (guests.Endless, error) {
	for _, e := range guests.Endlesses() {
		if e.Name == name {
			return e, nil
		}
	}
	return guests.Endless{}, fmt.Errorf("no endless guest %q", name)
}

// outcomes is a table of times that may be never.
type outcomes struct {
	columns string
	rows    strings.Builder
}

func (o *outcomes) add(guest, who string, times []time.Duration, killed bool) {
	said := fmt.Sprintf("never (killed after %v)", patience)
	if len(times) > 0 {
		slices.Sort(times)
		said = fmt.Sprintf("%s, at most %s", short(times[len(times)/2]), short(times[len(times)-1]))
		if killed {
			said += fmt.Sprintf("; then never (killed after %v)", patience)
		}
	}
	fmt.Fprintf(&o.rows, "| %s | %s | %s |\n", guest, who, said)
}

// String is the table: medians and worst.
func (o *outcomes) String() string {
	return fmt.Sprintf("| guest | host | %s |\n|---|---|---|\n%s", o.columns, o.rows.String())
}

func short(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }
