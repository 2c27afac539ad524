// Package guest speaks Bulkhead's guest ABI, version 1, once for all engines.
//
// It keeps these invariants, whatever the engine and whatever the guest: nothing is linked that was not granted; no guest
// code runs before imports, exports and their types have been checked; no address or length that a guest names is used
// before it was compared, in 64 bits, with the memory that the guest has at that moment; every call starts on an instance
// that no other call has touched.
package guest

import (
	"context"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wasi"
	"bulkhead/runtimes/wasm"
)

// A Backend runs plugins on one Engine.
type Backend struct{ engine Engine }

// New returns a Backend that owns engine.
func New(engine Engine) *Backend { return &Backend{engine: engine} }

// Close closes the engine.
func (b *Backend) Close(ctx context.Context) error { return b.engine.Close(ctx) }

// Load checks p, compiles it, and proves on a first instance that it starts, takes its configuration and gives a buffer
// for requests.
func (b *Backend) Load(ctx context.Context, p runtimes.Program) (runtimes.Module, error) {
	m := &Module{program: p, answer: p.Limits.Answer, idle: make(chan struct{}), users: 1, spare: make(chan started, 1)}
	if m.answer == 0 {
		m.answer = abi.MaxAnswer
	}
	if err := checkProgram(p); err != nil {
		return nil, err
	}
	known := linkable(wasi.New())
	outline, err := checkModule(p, known)
	if err != nil {
		return nil, err
	}
	if err := b.engine.Validate(ctx, p.Wasm); err != nil {
		return nil, refuse(p, "validating", err)
	}
	metered, err := wasm.Meter(p.Wasm, outline, wasm.MeterConfig{Pages: pages(p.Limits.Memory)})
	if err != nil {
		return nil, refuse(p, "metering", err)
	}
	m.configurable = exported(outline, abi.ExportConfigure)
	m.code, err = b.engine.Compile(ctx, metered.Wasm, append(imports(outline, known), yield()), pages(p.Limits.Memory), nil)
	if err != nil {
		return nil, refuse(p, "compiling", err)
	}
	if err := m.prove(ctx); err != nil {
		m.code.Close(ctx)
		return nil, err
	}
	m.life, m.end = context.WithCancel(context.Background())
	return m, nil
}

// yield gives every slice of fuel that there is.
func yield() Import {
	return Import{Module: wasm.YieldModule, Name: wasm.YieldName, Type: wasm.Signature("I", "I"), Func: func(_ context.Context, stack []uint64) error {
		if int64(stack[0]) == wasm.StackOverflow {
			return runtimes.ErrLimit
		}
		stack[0] = 1 << 40
		return nil
	}}
}

// pages rounds a memory limit down to pages of 64 KiB. The last page of 4 GiB is never given, so that every length of
// memory fits in 32 bits.
func pages(bytes uint64) uint32 { return uint32(min(max(bytes>>16, 1), 1<<16-1)) }

func refuse(p runtimes.Program, reason string, err error) error {
	return &runtimes.LoadError{Plugin: p.Name, Reason: reason, Err: err}
}
