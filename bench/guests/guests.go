// Package guests writes the modules that the benchmarks run, most of some hundred bytes: guests of ABI v1, and the same for
// Extism.
package guests

import (
	"bytes"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// page is the unit in which memories grow.
const page = 1 << 16

// Where guests keep things in their first page.
const (
	answerAt = 4096
	inputAt  = 8192
)

// Empty answers nothing.
func Empty() []byte { return plugin(&w.Module{}, 1, w.I64(0)) }

// Echo answers its request, of up to 4 KiB, and has a memory of so many pages of 64 KiB.
func Echo(pages uint32) []byte {
	return plugin(&w.Module{}, pages, w.Get(0), w.Get(1), w.Pack(2))
}

// plugin makes m a guest of ABI v1 with that handler, which has a spare i32 local.
func plugin(m *w.Module, pages uint32, handler ...[]byte) []byte {
	return finish(m, pages, m.Func(wasm.Signature("ii", "I"), 1, handler...))
}

// finish makes m a guest whose handler is a function that it has.
func finish(m *w.Module, pages, handler uint32) []byte {
	m.Memory(pages, 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(inputAt)))
	m.Export(abi.ExportHandle, wasm.KindFunc, handler)
	return m.Bytes()
}

// answer is the end of a handler: n bytes at an address.
func answer(address, n uint32) []byte { return w.I64(uint64(address)<<32 | uint64(n)) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
