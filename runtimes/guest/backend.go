// Package guest speaks Bulkhead's guest ABI, version 1, once for all engines.
//
// It keeps these invariants, whatever the engine and whatever the guest: nothing is linked that was not granted; no guest
// code runs before imports, exports and their types have been checked and the untouched original was found valid; none
// runs without fuel and a deadline; no address or length that a guest names is used before it was compared, in 64 bits,
// with the memory that the guest has at that moment; every call starts from the snapshot, on an instance in which no trace
// of another call is left, unless the plugin is stateful.
package guest

import (
	"context"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wasi"
	"bulkhead/runtimes/wasm"
)

// A Backend runs plugins on one Engine.
type Backend struct{ engine Engine }

// New returns a Backend that owns engine.
func New(engine Engine) *Backend { return &Backend{engine: engine} }

// Version implements runtimes.Versioned.
func (b *Backend) Version() string { return b.engine.Version() }

// Engine is what the Backend runs plugins on, for benchmarks that show the price of everything around it.
func (b *Backend) Engine() Engine { return b.engine }

// Close closes the engine.
func (b *Backend) Close(ctx context.Context) error { return b.engine.Close(ctx) }

// Load checks p, compiles it, and proves on a first instance that it starts, takes its configuration and gives a buffer
// for requests. What that instance is then is the snapshot.
func (b *Backend) Load(ctx context.Context, p runtimes.Program) (runtimes.Module, error) {
	began := time.Now()
	p, err := p.Checked()
	if err != nil {
		return nil, err
	}
	if _, ok := b.engine.(Relaxed); p.RelaxedSIMD && !ok {
		return nil, refuse(p, "the module may use relaxed SIMD, which this backend has not", nil)
	}
	known := linkable(wasi.New())
	head, err := checkModule(p, known)
	if err != nil {
		return nil, err
	}
	timed, cancel := context.WithDeadline(ctx, began.Add(p.Limits.StartTime()))
	defer cancel()
	work := compilation{engine: b.engine, program: p, imports: imports(head, known)}
	built := work.known(timed)
	if built == nil {
		if work.outline, err = outline(p, wasm.Features{RelaxedSIMD: p.RelaxedSIMD}.Read); err != nil {
			return nil, err
		}
		if built, err = work.build(timed); err != nil {
			return nil, refuse(p, work.step, inTime(ctx, timed, err))
		}
	}
	m := newModule(p, built, began)
	m.configurable = exported(head, abi.ExportConfigure)
	if err := m.prove(ctx); err != nil {
		m.code.Close(context.WithoutCancel(ctx))
		return nil, refuse(p, "starting", err)
	}
	return m, nil
}

// inTime says that an error came of the time that loading may take, if so.
func inTime(ctx, timed context.Context, err error) error {
	if ctx.Err() == nil && timed.Err() != nil {
		return errTime
	}
	return err
}

// pages rounds a memory limit down to pages of 64 KiB. The last page of 4 GiB is never given, so that every length of
// memory fits in 32 bits.
func pages(bytes uint64) uint32 { return uint32(min(max(bytes>>16, 1), 1<<16-1)) }

func refuse(p runtimes.Program, reason string, err error) error {
	return &runtimes.LoadError{Plugin: p.Name, Reason: reason, Err: err}
}
