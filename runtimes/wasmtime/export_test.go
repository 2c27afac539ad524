//go:build wasmtime

package wasmtime

import (
	"testing"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// What is exported under a name that is asked for, but is no function or global of number types, is not found.
func TestExportsOfVectors(t *testing.T) {
	m := &w.Module{}
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	zero := append([]byte{0xfd, 12}, make([]byte, 16)...)
	vector := wasm.FuncType{Results: []wasm.ValueType{wasm.V128}}
	m.Export("f", wasm.KindFunc, m.RawFunc(vector, append(append([]byte{0}, zero...), 0x0b)))
	takes := wasm.FuncType{Params: []wasm.ValueType{wasm.V128, wasm.Funcref}}
	m.Export("g", wasm.KindFunc, m.RawFunc(takes, []byte{0, 0x0b}))
	i := instantiate(t, compile(t, judge(), m.Bytes(), nil, nil))
	for _, name := range []string{"f", "g", abi.ExportMemory, "none", ""} {
		if i.Export(name) != nil {
			t.Errorf("%q is a function", name)
		}
		if i.Global(name) != nil {
			t.Errorf("%q is a global", name)
		}
	}
}
