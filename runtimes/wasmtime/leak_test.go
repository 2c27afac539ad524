//go:build wasmtime

package wasmtime

import (
	"context"
	"errors"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// failing is a module whose exports end in every way that is not well.
func failing() []byte {
	m := &w.Module{}
	host := m.Import("env", "f", wasm.Signature("i", ""))
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export("unreachable", wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, w.Do(w.Unreachable)))
	m.Export("bounds", wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, w.I32(0xffffffff), w.Load32(0), w.Do(w.Drop)))
	m.Export("error", wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, w.I32(0), w.Call(host)))
	m.Export("panic", wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, w.I32(1), w.Call(host)))
	return m.Bytes()
}

// Traps, host errors, panics, and what cannot be compiled, linked or instantiated leave no C memory behind.
func TestFailuresLeakNothing(t *testing.T) {
	typ := wasm.Signature("i", "")
	imports := []guest.Import{{Module: "env", Name: "f", Type: typ, Func: func(_ context.Context, stack []uint64) error {
		if stack[0] == 1 {
			panic("ouch")
		}
		return errors.New("no")
	}}}
	e := judge()
	c := compile(t, e, failing(), imports, nil)
	other := []guest.Import{{Module: "env", Name: "f", Type: wasm.Signature("I", ""), Func: imports[0].Func}}
	trap := func() {
		i, err := c.Instantiate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"unreachable", "bounds", "error", "panic"} {
			f := i.Export(name)
			for range 20 { // a trap takes some hundred bytes
				if f(t.Context(), nil) == nil {
					t.Fatalf("%s: no error", name)
				}
			}
		}
		i.Close(t.Context())
	}
	half := failing()[:40]
	refuse := func() {
		if e.Validate(t.Context(), half) == nil {
			t.Fatal("half a module is valid")
		}
	}
	load := func() {
		if c, err := e.Compile(t.Context(), failing(), other, 1, nil); err == nil {
			c.Close(t.Context())
			t.Fatal("linked with another type")
		}
		if c, err := e.Compile(t.Context(), failing(), imports, 1, sumOf(nil)); err == nil {
			c.Close(t.Context())
			t.Fatal("restored from nothing")
		}
		large, err := e.Compile(t.Context(), sized(3, 100), nil, 2, nil)
		if err == nil {
			if _, err := large.Instantiate(t.Context()); err == nil {
				t.Fatal("an instance over its limit")
			}
			large.Close(t.Context())
		}
	}
	leaks := func(name string, rounds int, f func()) {
		for range rounds / 10 {
			f()
		}
		maps, fds, size := lines(t, "/proc/self/maps"), files(t), resident(t)
		for range rounds {
			f()
		}
		if now := lines(t, "/proc/self/maps"); now > maps+50 {
			t.Errorf("%s: %d mappings, there were %d", name, now, maps)
		}
		if now := files(t); now > fds {
			t.Errorf("%s: %d files, there were %d", name, now, fds)
		}
		if now := resident(t); now > size+16<<20 {
			t.Errorf("%s: %d bytes, there were %d", name, now, size)
		}
	}
	leaks("traps", 2_000, trap)
	leaks("refusals", 300_000, refuse)
	leaks("loads", 500, load)
}
