package guest_test

import (
	"context"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/guest"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// sleepyEngine starts one instance at once; every other start waits for its ctx, as a guest that sleeps in poll_oneoff.
type sleepyEngine struct{ starts chan struct{} }

func (e sleepyEngine) Compile(context.Context, []byte, []guest.Import, uint32, []byte) (guest.Code, error) {
	return e, nil
}

func (e sleepyEngine) ID() string                             { return "sleepy" }
func (e sleepyEngine) Validate(context.Context, []byte) error { return nil }
func (e sleepyEngine) Serialize() []byte                      { return nil }

func (e sleepyEngine) Close(context.Context) error { return nil }

func (e sleepyEngine) Instantiate(ctx context.Context) (guest.Instance, error) {
	e.starts <- struct{}{}
	if len(e.starts) > 1 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return silent{make([]byte, 1<<16)}, nil
}

// silent is an instance that answers nothing to everything.
type silent struct{ memory []byte }

func (s silent) Export(name string) guest.Func {
	if name == abi.ExportInitialize {
		return nil
	}
	return func(_ context.Context, stack []uint64) error {
		stack[0] = 8 * uint64(len(name)&1) // input has an odd name, handle an even one
		return nil
	}
}

func (s silent) Memory() []byte              { return s.memory }
func (s silent) Grow(uint32) bool            { return false }
func (s silent) Global(string) guest.Global  { return nil }
func (s silent) Close(context.Context) error { return nil }

func TestCloseDoesNotWaitForASpare(t *testing.T) {
	m := &w.Module{}
	m.Memory(1, 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(8)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 0, w.I64(0)))
	engine := sleepyEngine{make(chan struct{}, 8)}
	loaded, err := guest.New(engine).Load(t.Context(), runtimes.Program{
		Name: "sleepy", Wasm: m.Bytes(), Host: hostFunc(nil), Limits: runtimes.Limits{Memory: 1 << 16},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loaded.Call(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	for len(engine.starts) < 2 { // the next spare is on its way
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := loaded.Close(ctx); err != nil {
		t.Errorf("closing an idle module: %v", err)
	}
}
