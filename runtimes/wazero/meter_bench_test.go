package wazero_test

import (
	"context"
	"testing"

	engine "github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// xorshift runs the loop of its parameter's length.
func xorshift() []byte {
	m := &w.Module{}
	body := []byte{1, 1, 0x7e, // one i64
		0x42, 1, 0x21, 1, 0x03, 0x40,
		0x20, 1, 0x20, 1, 0x42, 13, 0x86, 0x85, 0x21, 1,
		0x20, 1, 0x20, 1, 0x42, 7, 0x88, 0x85, 0x21, 1,
		0x20, 1, 0x20, 1, 0x42, 17, 0x86, 0x85, 0x21, 1,
		0x20, 0, 0x41, 0x7f, 0x6a, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1, 0x0b}
	m.Export("run", wasm.KindFunc, m.RawFunc(wasm.Signature("i", "I"), body))
	return m.Bytes()
}

// fibonacci calls itself.
func fibonacci() []byte {
	m := &w.Module{}
	body := []byte{0, 0x20, 0, 0x41, 2, 0x49, 0x04, 0x7f, 0x20, 0, 0x05,
		0x20, 0, 0x41, 0x7f, 0x6a, 0x10, 0, 0x20, 0, 0x41, 0x7e, 0x6a, 0x10, 0, 0x6a, 0x0b, 0x0b}
	m.Export("run", wasm.KindFunc, m.RawFunc(wasm.Signature("i", "i"), body))
	return m.Bytes()
}

// BenchmarkMeter compares plain and metered code.
func BenchmarkMeter(b *testing.B) {
	for _, bench := range []struct {
		name   string
		module []byte
		param  uint64
	}{{"loop", xorshift(), 1_000_000}, {"call tree", fibonacci(), 25}} {
		o, err := wasm.Read(bench.module)
		if err != nil {
			b.Fatal(err)
		}
		metered, err := wasm.Meter(bench.module, o, wasm.MeterConfig{Pages: 1})
		if err != nil {
			b.Fatal(err)
		}
		for name, module := range map[string][]byte{"plain": bench.module, "metered": metered.Wasm} {
			b.Run(bench.name+"/"+name, func(b *testing.B) {
				f := exportOf(b, module, "run")
				stack := make([]uint64, 1)
				for b.Loop() {
					stack[0] = bench.param
					if err := f.CallWithStack(b.Context(), stack); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// exportOf instantiates a module with a yield that always grants 100,000 units.
func exportOf(t testing.TB, module []byte, name string) api.Function {
	r := engine.NewRuntime(t.Context())
	t.Cleanup(func() { r.Close(context.Background()) })
	grant := api.GoFunc(func(_ context.Context, stack []uint64) {
		if int64(stack[0]) == wasm.StackOverflow {
			panic("overflow")
		}
		stack[0] = 100_000
	})
	i64 := []api.ValueType{api.ValueTypeI64}
	if _, err := r.NewHostModuleBuilder(wasm.YieldModule).NewFunctionBuilder().WithGoFunction(grant, i64, i64).Export(wasm.YieldName).Instantiate(t.Context()); err != nil {
		t.Fatal(err)
	}
	m, err := r.InstantiateWithConfig(t.Context(), module, engine.NewModuleConfig().WithName(""))
	if err != nil {
		t.Fatal(err)
	}
	if stack, ok := m.ExportedGlobal(wasm.ExportStack).(api.MutableGlobal); ok {
		stack.Set(wasm.StackBudget)
	}
	return m.ExportedFunction(name)
}
