//go:build wasmtime

package wasmtime

import (
	"context"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// BenchmarkEngine measures the binding alone, without what package guest does around a call.
func BenchmarkEngine(b *testing.B) {
	c := compile(b, judge(), sized(1, 1), nil, nil)
	var stack [1]uint64
	b.Run("call", func(b *testing.B) {
		f := instantiate(b, c).Export("f")
		b.ReportAllocs()
		for b.Loop() {
			if err := f(b.Context(), stack[:]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("instance", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			i, err := c.Instantiate(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			i.Close(b.Context())
		}
	})
	b.Run("trap", func(b *testing.B) {
		m := &w.Module{}
		m.Memory(1, 1)
		m.Export(abi.ExportMemory, wasm.KindMemory, 0)
		m.Export("f", wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, w.Do(w.Unreachable)))
		f := instantiate(b, compile(b, judge(), m.Bytes(), nil, nil)).Export("f")
		for b.Loop() {
			if f(b.Context(), nil) == nil {
				b.Fatal("no trap")
			}
		}
	})
	b.Run("host call", benchmarkHostCall)
}

// benchmarkHostCall has a guest call the host many times in one call.
func benchmarkHostCall(b *testing.B) {
	const rounds = 10_000
	typ := wasm.Signature("ii", "i")
	m := &w.Module{}
	f := m.Import("env", "f", typ)
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export("f", wasm.KindFunc, m.Func(wasm.Signature("i", ""), 0,
		w.Loop(w.Get(0), w.Get(0), w.Call(f), w.Do(w.Drop), w.Get(0), w.I32(0xffffffff), w.Do(w.Add32), w.Tee(0), w.BrIf(0))))
	nothing := guest.Import{Module: "env", Name: "f", Type: typ, Func: func(context.Context, []uint64) error { return nil }}
	call := instantiate(b, compile(b, judge(), m.Bytes(), []guest.Import{nothing}, nil)).Export("f")
	b.ReportAllocs()
	for b.Loop() {
		stack := [1]uint64{rounds}
		if err := call(b.Context(), stack[:]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rounds, "ns/hostcall")
}
