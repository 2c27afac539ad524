package guest

import (
	"context"
	"errors"
	"sync/atomic"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// A fakeEngine makes instances that answer nothing to everything.
type fakeEngine struct {
	validate    func(module []byte) error
	compile     func(module, code []byte) error
	instantiate func(ctx context.Context) error
	code        []byte       // what Serialize returns
	closed      atomic.Int32 // instances
}

func (e *fakeEngine) Version() string { return "fake v1" }
func (e *fakeEngine) ID() string      { return "fake" }

func (e *fakeEngine) Validate(_ context.Context, module []byte) error {
	if e.validate == nil {
		return nil
	}
	return e.validate(module)
}

func (e *fakeEngine) Compile(_ context.Context, module []byte, _ []Import, _ uint32, code []byte) (Code, error) {
	if e.compile != nil {
		if err := e.compile(module, code); err != nil {
			return nil, err
		}
	}
	return fakeCode{e}, nil
}

func (e *fakeEngine) Close(context.Context) error { return nil }

type fakeCode struct{ *fakeEngine }

func (c fakeCode) Instantiate(ctx context.Context) (Instance, error) {
	if c.instantiate != nil {
		if err := c.instantiate(ctx); err != nil {
			return nil, err
		}
	}
	return &fakeInstance{engine: c.fakeEngine, memory: make([]byte, 1<<16)}, nil
}

func (c fakeCode) Serialize() []byte { return c.code }

type fakeInstance struct {
	engine      *fakeEngine
	memory      []byte
	fuel, stack fakeGlobal
}

func (i *fakeInstance) Export(name string) Func {
	if name == abi.ExportInitialize {
		return nil
	}
	return func(_ context.Context, stack []uint64) error {
		stack[0] = 0
		if name == abi.ExportInput {
			stack[0] = 8
		}
		return nil
	}
}

func (i *fakeInstance) Global(name string) Global {
	switch name {
	case wasm.ExportFuel:
		return &i.fuel
	case wasm.ExportStack:
		return &i.stack
	}
	return nil
}

func (i *fakeInstance) Memory() []byte { return i.memory }

func (i *fakeInstance) Grow(uint32) bool { return false }

func (i *fakeInstance) Close(context.Context) error {
	i.engine.closed.Add(1)
	return nil
}

type fakeGlobal uint64

func (g *fakeGlobal) Get() uint64     { return uint64(*g) }
func (g *fakeGlobal) Set(bits uint64) { *g = fakeGlobal(bits) }

type noHost struct{}

func (noHost) Capability(context.Context, abi.Capability, uint32, []byte, []byte) ([]byte, error) {
	return nil, errors.New("not here")
}

// plain is a program for a fakeEngine. If it is not restorable, its code has a table.set.
func plain(restorable bool) runtimes.Program {
	m := &w.Module{}
	m.Memory(1, 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(8)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 0, w.I64(0)))
	if !restorable {
		m.Table(1)
		m.Func(wasm.Signature("", ""), 0, w.I32(0), w.NullFunc(), w.TableSet())
	}
	return runtimes.Program{
		Name: "fake", Wasm: m.Bytes(), Host: noHost{},
		Limits: runtimes.Limits{Memory: 1 << 16, Timeout: timeout, Fuel: 1000},
	}
}
