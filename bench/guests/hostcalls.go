package guests

import (
	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// Calls is how often HostCalls calls its host.
const Calls = 100

// HostCalls calls the host Calls times, with 64 bytes, in a loop, and answers nothing.
func HostCalls() []byte {
	m := &w.Module{}
	audit := importAudit(m)
	return plugin(m, 1, repeat(2, Calls, audit), w.I64(0))
}

// ExtismHostCalls is HostCalls for Extism, whose host functions take memory of its kernel.
func ExtismHostCalls() []byte {
	m := &w.Module{}
	call := importExtism(m)
	run := m.RawFunc(wasm.Signature("", "i"), join([]byte{1, 1, byte(wasm.I32)}, repeat(0, Calls, call), w.I32(0), []byte{0x0b}))
	m.Export(EchoName, wasm.KindFunc, run)
	return m.Bytes()
}

// importAudit imports the host's function and returns a call of it with 64 bytes of input, of which nobody looks at the
// result.
func importAudit(m *w.Module) []byte {
	f := m.Import(abi.Module, "audit", wasm.Signature("ii", "i"))
	return join(w.I32(inputAt), w.I32(64), w.Call(f), drop())
}

func importExtism(m *w.Module) []byte {
	f := m.Import(abi.Module, "audit", wasm.Signature("II", "i"))
	return join(w.I64(inputAt), w.I64(64), w.Call(f), drop())
}

// repeat does code n times, counting in a local of i32.
func repeat(local, n uint32, code []byte) []byte {
	return join(w.I32(n), w.Set(local), w.Loop(code, w.Get(local), w.I32(minusOne), w.Do(w.Add32), w.Tee(local), w.BrIf(0)))
}

func drop() []byte { return []byte{0x1a} }
