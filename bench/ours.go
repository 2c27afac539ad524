package main

import (
	"context"
	"fmt"
	"time"

	"bulkhead/abi"
	"bulkhead/bench/peers"
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

// The engines.
const (
	onWazero   = "wazero"
	onWasmtime = "wasmtime"
)

// inline are the places in this process, and places all.
func inline() []place { return []place{{engine: onWazero}, {engine: onWasmtime}} }

func places() []place {
	return []place{{onWazero, false}, {onWazero, true}, {onWasmtime, false}, {onWasmtime, true}}
}

// program is a plugin as an operator would run it, with the code that was compiled before.
func (b *bench) program(guest []byte) runtimes.Program {
	return runtimes.Program{
		Name: "guest", Wasm: guest, WASI: true, Host: nodder{}, Grants: abi.GrantsOf(abi.Log, abi.Audit),
		Limits: runtimes.Limits{Memory: 128 << 20, Timeout: 2 * time.Second, Fuel: 2_000_000_000}, Cache: b.code,
	}
}

// nodder agrees to everything, at once.
type nodder struct{}

// Capability implements runtimes.Host.
func (nodder) Capability(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
	return dst, nil
}

// load loads a plugin, until the end of the section.
func (b *bench) load(ctx context.Context, at place, p runtimes.Program) (runtimes.Module, error) {
	backend, err := b.open(at)
	if err != nil {
		return nil, err
	}
	b.Closing(func() { backend.Close(context.Background()) })
	m, err := backend.Load(ctx, p)
	if err == nil {
		b.Closing(func() { m.Close(context.Background()) })
	}
	return m, err
}

func (b *bench) open(at place) (runtimes.Backend, error) {
	if !at.process {
		return backend(at.engine)
	}
	path := map[string]string{onWazero: b.host, onWasmtime: b.hostWasmtime}[at.engine]
	if b.programs[path] == nil { // once, as a host does; until the end of the process
		program, err := worker.ReadExecutable(path)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", at, err)
		}
		b.programs[path] = program
	}
	return worker.New(worker.Config{Backend: at.engine, Executable: b.programs[path]})
}

// ours opens a guest for a comparison.
func (b *bench) ours(at place, guest []byte, stateful bool) func(context.Context) (peers.Caller, error) {
	p := b.program(guest)
	p.Stateful = stateful
	return b.loaded(at, p)
}

func (b *bench) loaded(at place, p runtimes.Program) func(context.Context) (peers.Caller, error) {
	return func(ctx context.Context) (peers.Caller, error) {
		m, err := b.load(ctx, at, p)
		if err != nil {
			return nil, err
		}
		return m.Call, nil
	}
}

// What a place does between two calls.
const (
	clean   = ", clean"
	noReset = ", without reset"
)
