package wazero

import (
	"bytes"
	"testing"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// various has a bit of everything that lies outside of code, and answers 40 + 2: by a table, a global and data.
func various() []byte {
	m := &w.Module{}
	m.Memory(1, 2)
	m.Table(3)
	m.Data(100, []byte{40})
	two := m.Func(wasm.Signature("", "i"), 0, w.I32(2))
	m.Elements(two, two)
	global := m.Global(w.I32(1))
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export("g", wasm.KindGlobal, global)
	m.Export("f", wasm.KindFunc, m.Func(wasm.Signature("", "i"), 1,
		w.GlobalGet(global), w.CallIndirect(m.TypeIndex(wasm.Signature("", "i"))), w.I32(100), w.Load8(0), w.Do(w.Add32)))
	return m.Bytes()
}

// Code that was saved runs as before, although the module that goes with it is hollow.
func TestHollow(t *testing.T) {
	module := various()
	empty := hollow(module)
	if o, err := wasm.Read(empty); err != nil || o.Instrs != 4 || len(o.Exports) != 3 {
		t.Fatalf("%+v, %v", o, err)
	}
	e := standard()
	if err := e.Validate(t.Context(), empty); err != nil {
		t.Fatal(err)
	}
	saved := compile(t, e, module, nil).Serialize()
	for _, code := range [][]byte{nil, saved} {
		var stack [1]uint64
		i := instantiate(t, compile(t, e, module, code))
		if err := i.Export("f")(t.Context(), stack[:]); err != nil || stack[0] != 42 || i.Global("g").Get() != 1 {
			t.Errorf("answer %d, error %v", stack[0], err)
		}
	}
}

// Whatever is wrong with saved code, nothing hollow runs.
func TestHollowIsNeverCompiled(t *testing.T) {
	e, module := standard(), various()
	saved := compile(t, e, module, nil).Serialize()
	for at := range 32 + len("WAZEVO") + 1 + len("dev") { // the sum, and wazero's header with at least the start of its version
		bad := bytes.Clone(saved)
		bad[at] ^= 1
		if c, err := e.Compile(t.Context(), module, nil, 2, bad); err == nil {
			var stack [1]uint64
			if err := instantiate(t, c).Export("f")(t.Context(), stack[:]); err != nil || stack[0] != 42 {
				t.Errorf("byte %d: accepted, answers %d, %v", at, stack[0], err)
			}
			c.Close(t.Context())
		}
	}
}

func TestHollowRefuses(t *testing.T) {
	module := various()
	for n := range len(module) {
		if b := hollow(module[:n]); b != nil && n > 8 && len(b) > n {
			t.Errorf("%d of %d bytes became %d", n, len(module), len(b))
		}
	}
	for name, bad := range map[string]string{
		"nothing": "", "a section cut": "\x00asm\x01\x00\x00\x00\x01", "longer than the file": "\x00asm\x01\x00\x00\x00\x01\x05\x00",
		"more bodies than bytes": "\x00asm\x01\x00\x00\x00\x0a\x02\x7f\x00", "no count": "\x00asm\x01\x00\x00\x00\x0a\x00",
	} {
		if b := hollow([]byte(bad)); b != nil {
			t.Errorf("%s: % x", name, b)
		}
	}
}
