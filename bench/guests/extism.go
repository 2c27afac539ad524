package guests

import (
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// EchoName is what ExtismEcho exports.
const EchoName = "echo"

// ExtismEcho is Echo for Extism's kernel, by its fastest functions, eight bytes at a time: requests are whole words.
func ExtismEcho() []byte {
	const n, at, out = 0, 1, 2
	m := &w.Module{}
	env := func(name, params, results string) []byte {
		return w.Call(m.Import("extism:host/env", name, wasm.Signature(params, results)))
	}
	length, load := env("input_length", "", "I"), env("input_load_u64", "I", "I")
	alloc, store, set := env("alloc", "I", "I"), env("store_u64", "II", ""), env("output_set", "II", "")
	body := join([]byte{1, 3, byte(wasm.I64)},
		length, w.Tee(n), alloc, w.Set(out),
		w.Loop(w.Get(out), w.Get(at), w.Do(w.Add64), w.Get(at), load, store,
			w.Get(at), w.I64(8), w.Do(w.Add64), w.Tee(at), w.Get(n), []byte{0x54}, w.BrIf(0)), // i64.lt_u
		w.Get(out), w.Get(n), set, w.I32(0), []byte{0x0b})
	m.Export(EchoName, wasm.KindFunc, m.RawFunc(wasm.Signature("", "i"), body))
	return m.Bytes()
}

// ExtismEmpty does nothing.
func ExtismEmpty() []byte {
	m := &w.Module{}
	m.Export(EchoName, wasm.KindFunc, m.Func(wasm.Signature("", "i"), 0, w.I32(0)))
	return m.Bytes()
}
