package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkhead/abi"
	"bulkhead/bench/guests"
	"bulkhead/bench/peers"
	"bulkhead/bench/report"
	"bulkhead/runtimes"
)

const (
	promised     = 100 * time.Millisecond
	taskDeadline = "deadline"
)

// Peers that promise to end a call.
const (
	nameEpochs       = "wasmtime-go, epochs"
	nameClosing      = "wazero alone, WithCloseOnContextDone"
	nameExtismSoon   = "Extism, timeout 100 ms"
	nameContext      = "go-plugin, gRPC, the context's deadline"
	nameContextCalls = "go-plugin, gRPC: the code behind that call"
)

// deadlines shows when a guest that does not end by itself is really ended, of those who promise 100 ms.
func (b *bench) deadlines(ctx context.Context) error {
	var rows []report.Ending
	for _, e := range guests.Endlesses() {
		for _, at := range places() {
			times, err := b.endless(ctx, at, e)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", at, e.Name, err)
			}
			row := ending(e.Name, at.String(), times, false)
			rows = append(rows, row)
			b.aim(report.Aim{What: fmt.Sprintf("slowest end of a call that has 100 ms, %s, %s", e.Name, at), Unit: report.Time,
				Want: float64(promised + runtimes.Grace), Value: worst(row)})
		}
		for _, peer := range []string{nameEpochs, nameClosing, nameExtismSoon, nameContext, nameContextCalls} {
			if peer == nameContextCalls && e.Name == guests.Hosted {
				continue // who waits looks like who has ended
			}
			times, killed, err := b.ask(ctx, task(taskDeadline, e.Name, peer))
			if err == nil && len(times) == 0 && !killed {
				err = errors.New("no time was told")
			}
			if err != nil {
				return fmt.Errorf("%s, %s: %w", peer, e.Name, err)
			}
			rows = append(rows, ending(e.Name, peer, times, killed))
		}
	}
	b.endings("deadlines", "Deadlines", "A guest that does not end by itself, and hosts that promise to end it after 100 ms. "+
		"Each peer runs in a process of its own, which is killed after three silent seconds: never. "+
		"In a plugin of go-plugin the code goes on after the caller has been told that it is over.", rows)
	return nil
}

// slow is a host whose every answer takes a millisecond.
type slow struct{}

// Capability implements runtimes.Host.
func (slow) Capability(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
	time.Sleep(time.Millisecond)
	return dst, nil
}

func slowly([]byte) error {
	time.Sleep(time.Millisecond)
	return nil
}

// endless has a module of ours end a guest, many times.
func (b *bench) endless(ctx context.Context, at place, e guests.Endless) (times []int64, err error) {
	p := b.program(e.Plugin)
	p.Host, p.Limits.Timeout, p.Limits.Fuel = slow{}, promised, runtimes.MaxFuel
	m, err := b.load(ctx, at, p)
	if err != nil {
		return nil, err
	}
	for range b.tries {
		before := time.Now()
		if _, err := m.Call(ctx, nil, nil); !errors.Is(err, runtimes.ErrLimit) {
			return nil, fmt.Errorf("ended with %v", err)
		}
		times = append(times, int64(time.Since(before)))
	}
	return times, nil
}

// peerDeadlines is a child's task. Where a timeout closes an instance for good, each try has its own.
func (b *bench) peerDeadlines(ctx context.Context, guest, peer string) error {
	e, err := endlessOf(guest)
	if err != nil {
		return err
	}
	try, err := b.trying(ctx, peer, e)
	if err != nil {
		return err
	}
	ready()
	for range b.tries {
		before := time.Now()
		if err := try(); err == nil {
			return fmt.Errorf("%s has come to an end", guest)
		}
		tell(int64(time.Since(before)))
	}
	return nil
}

func (b *bench) trying(ctx context.Context, peer string, e guests.Endless) (func() error, error) {
	switch peer {
	case nameEpochs:
		w, err := peers.NewWasmtimeGo(e.Plugin, promised, peers.World{Host: slowly})
		return func() error { return once(ctx, w.Instance) }, err
	case nameClosing:
		c, err := peers.Compile(ctx, e.Plugin, peers.Closing(), peers.World{Host: slowly})
		return func() error {
			p, _, err := c.Instance(ctx)
			if err != nil {
				return err
			}
			_, err = p.Within(promised)(ctx, nil, nil)
			return err
		}, err
	case nameExtismSoon:
		x, err := peers.NewExtism(ctx, e.Extism, promised, slowly)
		return func() error {
			return once(ctx, func() (peers.Caller, error) { c, _, err := x.Instance(ctx, guests.Spin); return c, err })
		}, err
	case nameContext, nameContextCalls:
		return b.goPluginTries(ctx, e.Name, peer == nameContextCalls)
	}
	return nil, fmt.Errorf("no peer %q", peer)
}

// once makes an instance and calls it.
func once(ctx context.Context, instance func() (peers.Caller, error)) error {
	c, err := instance()
	if err != nil {
		return err
	}
	_, err = c(ctx, nil, nil)
	return err
}

// goPluginTries ask a new process each time. The caller is answered in time; through says to wait for the code as well.
func (b *bench) goPluginTries(ctx context.Context, guest string, through bool) (func() error, error) {
	g, err := peers.StartGoPlugin(peers.GRPC, childVariable, nil)
	if err != nil {
		return nil, err
	}
	b.Closing(g.Close)
	return func() error {
		limited, cancel := context.WithTimeout(ctx, promised)
		defer cancel()
		_, err := g.Caller(serviceSpin)(limited, nil, []byte(guest))
		for through && g.Busy() {
		}
		return err
	}, nil
}

func endlessOf(name string) (guests.Endless, error) {
	for _, e := range guests.Endlesses() {
		if e.Name == name {
			return e, nil
		}
	}
	return guests.Endless{}, fmt.Errorf("no endless guest %q", name)
}
