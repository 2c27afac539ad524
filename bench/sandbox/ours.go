package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/worker"
)

// A place is where a module of ours runs.
type place struct {
	engine  string
	process bool // in a worker
}

func (p place) String() string {
	if p.process {
		return p.engine + ", worker"
	}
	return p.engine + ", inline"
}

// inline are the places in this process, one for each engine, in order.
func inline() (all []place) {
	for _, engine := range slices.Sorted(maps.Keys(engines())) {
		all = append(all, place{engine: engine})
	}
	return all
}

// workers are those with wazero, the only engine that a worker of this program has.
func workers() place { return place{engine: "wazero", process: true} }

// program is a plugin as an operator would run it.
func program(guest []byte) runtimes.Program {
	return runtimes.Program{
		Name: "guest", Wasm: guest, WASI: true, Host: nobody{}, Grants: abi.GrantsOf(abi.Log),
		Limits: runtimes.Limits{Memory: 128 << 20, Timeout: 2 * time.Second, Fuel: 2_000_000_000},
	}
}

// nobody answers no capability.
type nobody struct{}

// Capability implements runtimes.Host.
func (nobody) Capability(context.Context, abi.Capability, uint32, []byte, []byte) ([]byte, error) {
	return nil, abi.ErrUnavailable
}

// load loads a plugin, until the end of the run.
func (b *bench) load(at place, p runtimes.Program) (runtimes.Module, error) {
	backend, err := b.open(at)
	if err != nil {
		return nil, err
	}
	b.closing(func() { backend.Close(context.Background()) })
	m, err := backend.Load(b.ctx, p)
	if err == nil {
		b.closing(func() { m.Close(context.Background()) })
	}
	return m, err
}

func (b *bench) open(at place) (runtimes.Backend, error) {
	if at.process {
		c := worker.Config{Backend: at.engine}
		if b.worker != "" {
			var err error
			if c.Executable, err = worker.ReadExecutable(b.worker); err != nil {
				return nil, err
			}
			b.closing(func() { c.Executable.Close() })
		}
		return worker.New(c)
	}
	return engines()[at.engine](), nil
}

// ours is load for a comparison.
func (b *bench) ours(at place, guest []byte, stateful bool) (caller, error) {
	p := program(guest)
	p.Stateful = stateful
	m, err := b.load(at, p)
	if err != nil {
		return nil, err
	}
	return m.Call, nil
}
