//go:build wasmtime

package wasmtime

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// relay is a module whose f calls the import env.f with what it gets, and returns what it returns. A wider call before
// leaves garbage behind.
func relay(t wasm.FuncType) []byte {
	m := &w.Module{}
	imported := m.Import("env", "f", t)
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	var code [][]byte
	for n := range t.Params {
		code = append(code, w.Get(uint32(n)))
	}
	m.Export("f", wasm.KindFunc, m.Func(t, 0, append(code, w.Call(imported))...))
	return m.Bytes()
}

func linked(t testing.TB, typ wasm.FuncType, f guest.Func) *instance {
	t.Helper()
	return instantiate(t, compile(t, judge(), relay(typ), []guest.Import{{Module: "env", Name: "f", Type: typ, Func: f}}, nil))
}

type key struct{}

// Values of every type go both ways, with the context, and nothing of what lay in a slot before comes with them.
func TestHostFunction(t *testing.T) {
	typ := wasm.Signature("iIfd", "iIfd")
	given := []uint64{0xfffffffe, 1 << 63, uint64(math.Float32bits(-1.5)), math.Float64bits(2.5)}
	ctx := context.WithValue(t.Context(), key{}, "this one")
	calls := 0
	i := linked(t, typ, func(got context.Context, stack []uint64) error {
		calls++
		if got != ctx {
			t.Errorf("context %v", got)
		}
		for n, v := range given {
			if stack[n] != v {
				t.Errorf("parameter %d is %#x, want %#x", n, stack[n], v)
			}
			stack[n] ^= 1 // of an i32 or f32, the upper half is not the engine's matter
		}
		stack[0] |= 0xdead << 32
		return nil
	})
	f := i.Export("f")
	for range 3 {
		stack := append([]uint64{}, given...)
		stack[0] |= 0xbeef << 32
		stack[2] |= 0xbeef << 32
		if err := f(ctx, stack); err != nil {
			t.Fatal(err)
		}
		for n, v := range given {
			if stack[n] != v^1 {
				t.Errorf("result %d is %#x, want %#x", n, stack[n], v^1)
			}
		}
	}
	if calls != 3 || i.ctx != nil {
		t.Errorf("%d calls; the instance keeps %v", calls, i.ctx)
	}
}

// The error of a host function, and its panic, ends the run and the run alone.
func TestHostFunctionFails(t *testing.T) {
	ouch := errors.New("ouch")
	var how func() error
	i := linked(t, wasm.Signature("i", "i"), func(context.Context, []uint64) error { return how() })
	f := i.Export("f")
	for round := range 1000 {
		var stack [1]uint64
		if how = func() error { return ouch }; f(t.Context(), stack[:]) != ouch {
			t.Fatalf("round %d: another error", round)
		}
		how = func() error { panic("ouch at last") }
		if err := f(t.Context(), stack[:]); err == nil || !strings.Contains(err.Error(), "ouch at last") {
			t.Fatalf("round %d: %v", round, err)
		}
		how = func() error { var none *instance; none.c = nil; return nil } // a fault that Go makes a panic
		if err := f(t.Context(), stack[:]); err == nil || !strings.Contains(err.Error(), "nil pointer") {
			t.Fatalf("round %d: %v", round, err)
		}
		if how = func() error { return nil }; f(t.Context(), stack[:]) != nil {
			t.Fatalf("round %d: the instance is of no use afterwards", round)
		}
	}
}

// A guest runs while another one waits for its host function, on the same thread, and both keep what is theirs.
func TestNestedGuests(t *testing.T) {
	inner := linked(t, wasm.Signature("i", "i"), func(_ context.Context, stack []uint64) error {
		stack[0] *= 2
		return nil
	})
	double := inner.Export("f")
	outer := linked(t, wasm.Signature("i", "i"), func(ctx context.Context, stack []uint64) error {
		own := [1]uint64{stack[0] + 1}
		err := double(ctx, own[:])
		stack[0] += own[0]
		return err
	})
	stack := [1]uint64{20}
	if err := outer.Export("f")(t.Context(), stack[:]); err != nil || stack[0] != 62 {
		t.Errorf("%d, %v", stack[0], err)
	}
}

// What is linked is compared once, for no call is.
func TestTypesAreCompared(t *testing.T) {
	e, module := judge(), relay(wasm.Signature("i", "I"))
	nothing := func(context.Context, []uint64) error { return nil }
	for name, i := range map[string]guest.Import{
		"a parameter": {Module: "env", Name: "f", Type: wasm.Signature("I", "I"), Func: nothing},
		"a result":    {Module: "env", Name: "f", Type: wasm.Signature("i", "i"), Func: nothing},
		"too few":     {Module: "env", Name: "f", Type: wasm.Signature("", "I"), Func: nothing},
		"the name":    {Module: "env", Name: "g", Type: wasm.Signature("i", "I"), Func: nothing},
		"a reference": {Module: "env", Name: "f", Type: wasm.FuncType{Params: []wasm.ValueType{wasm.Externref}}, Func: nothing},
		"a vector":    {Module: "env", Name: "f", Type: wasm.FuncType{Params: []wasm.ValueType{wasm.V128}}, Func: nothing},
	} {
		if c, err := e.Compile(t.Context(), module, []guest.Import{i}, 1, nil); err == nil {
			c.Close(t.Context())
			t.Errorf("%s: linked", name)
		}
	}
	m := &w.Module{}
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export("vector", wasm.KindFunc, m.Func(wasm.FuncType{Params: []wasm.ValueType{wasm.V128}}, 0))
	m.Export("reference", wasm.KindFunc, m.Func(wasm.FuncType{Results: []wasm.ValueType{wasm.Externref}}, 0, w.Do(w.Unreachable)))
	m.Export("constant", wasm.KindGlobal, m.Constant(w.I32(1)))
	i := instantiate(t, compile(t, e, m.Bytes(), nil, nil))
	for _, name := range []string{"vector", "reference", "constant", "memory", "nothing", ""} {
		if i.Export(name) != nil {
			t.Errorf("function %q was found", name)
		}
		if i.Global(name) != nil {
			t.Errorf("global %q was found", name)
		}
	}
}

// Instances know nothing of each other, on however many threads they run.
func TestHostFunctionsAtOnce(t *testing.T) {
	typ := wasm.Signature("I", "I")
	c := compile(t, judge(), relay(typ), []guest.Import{{Module: "env", Name: "f", Type: typ, Func: func(ctx context.Context, stack []uint64) error {
		stack[0] += ctx.Value(key{}).(uint64)
		return nil
	}}}, nil)
	var all sync.WaitGroup
	for n := range uint64(8) {
		i := instantiate(t, c)
		all.Go(func() {
			ctx, f := context.WithValue(context.Background(), key{}, n), i.Export("f")
			for round := range uint64(5000) {
				stack := [1]uint64{round}
				if err := f(ctx, stack[:]); err != nil || stack[0] != round+n {
					t.Errorf("guest %d: %d, %v", n, stack[0], err)
					return
				}
			}
		})
	}
	all.Wait()
}
