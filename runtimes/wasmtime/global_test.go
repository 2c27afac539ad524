//go:build wasmtime

package wasmtime

import (
	"context"
	"math"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// counting is a metered module, whose globals metering exports: g is one of its own, and f adds one to it, calls env.f and
// adds one again. A second global is as the module says.
func counting(t *testing.T) ([]byte, []string) {
	t.Helper()
	m := &w.Module{}
	host := m.Import("env", "f", wasm.Signature("", ""))
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	g := m.Global(w.I32(5))
	m.Global(w.I32(0xffffffff))
	add := func() []byte {
		return append(append(w.GlobalGet(g), append(w.I32(1), w.Do(w.Add32)...)...), w.GlobalSet(g)...)
	}
	m.Export("f", wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, add(), w.Call(host), add()))
	m.Export("trap", wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, add(), w.Do(w.Unreachable)))
	o, err := wasm.Read(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	metered, err := wasm.Meter(m.Bytes(), o, wasm.MeterConfig{Pages: 1})
	if err != nil {
		t.Fatal(err)
	}
	return metered.Wasm, metered.Globals
}

// A global has at every moment the value that it has in the guest: before a run, in a host function, after it and after a trap.
func TestGlobals(t *testing.T) {
	module, names := counting(t)
	var inside func()
	i := instantiate(t, compile(t, judge(), module, []guest.Import{
		{Module: wasm.YieldModule, Name: wasm.YieldName, Type: wasm.Signature("I", "I"), Func: func(context.Context, []uint64) error { return nil }},
		{Module: "env", Name: "f", Type: wasm.Signature("", ""), Func: func(context.Context, []uint64) error { inside(); return nil }},
	}, nil))
	g, other, fuel := i.Global(names[0]), i.Global(names[1]), i.Global(wasm.ExportFuel)
	is := func(where string, g guest.Global, want uint64) {
		t.Helper()
		if got := g.Get(); got != want {
			t.Errorf("%s: %d, want %d", where, got, want)
		}
	}
	is("at first", g, 5)
	is("the other", other, math.MaxUint32)
	fuel.Set(1000)
	i.Global(wasm.ExportStack).Set(wasm.StackBudget)
	is("fuel before", fuel, 1000)
	run := func(name string) error { return i.Export(name)(t.Context(), nil) }
	inside = func() {
		is("inside", g, 6)
		g.Set(10)
		is("inside, set", g, 10)
		other.Set(3)
	}
	if err := run("f"); err != nil {
		t.Fatal(err)
	}
	is("afterwards", g, 11)
	is("the other, set inside", other, 3)
	if used := 1000 - fuel.Get(); used == 0 || used > 100 {
		t.Errorf("%d units of fuel", used)
	}
	g.Set(100)
	if run("trap") == nil {
		t.Error("no trap")
	}
	is("after a trap", g, 101)
	inside = func() { is("inside, after a trap", g, 102) }
	if err := run("f"); err != nil {
		t.Fatal(err)
	}
	is("at last", g, 103)
}
