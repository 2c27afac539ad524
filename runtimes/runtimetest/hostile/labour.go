package hostile

import (
	"encoding/binary"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// frames are endless recursions with large frames.
func frames() []*Attack {
	load := func(op byte, address int) []byte { return join(w.I32(uint32(address)), []byte{op, 0, 0}) }
	loads := func(n int, store bool) (code []byte) {
		for i := range n {
			code = append(code, load(0x29, 8*i)...)
			if store {
				code = join(code, []byte{0x21}, u32(i))
			}
		}
		return code
	}
	sum := func(n int) (code []byte) {
		for i := range n {
			code = join(code, []byte{0x20}, u32(i), w.Do(w.Add64))
		}
		return code
	}
	recursive := func(t wasm.FuncType, finish []byte, body func(self uint32) []byte) []byte {
		return guest(func(m *w.Module) { m.RawFunc(t, join(body(0), []byte{0x0b})) }, w.Call(0), finish)
	}
	long, vector := wasm.Signature("", "I"), wasm.FuncType{Results: []wasm.ValueType{wasm.V128}}
	vectors := func(self uint32) []byte {
		code := []byte{0}
		for i := range 500 {
			code = join(code, w.I32(uint32(16*i)), []byte("\xfd\x00\x00\x00"))
		}
		return join(code, w.Call(self), repeat(500, []byte("\xfd\xce\x01")))
	}
	all := []*Attack{
		called("recursion_locals", "endless recursion with 1,000 locals that live across the call", LimitStack,
			recursive(long, nil, func(self uint32) []byte {
				return join([]byte{1}, u32(1000), []byte{byte(wasm.I64)}, loads(1000, true), w.Call(self), w.Do(w.Drop), w.I64(0), sum(1000))
			})),
		called("recursion_operands", "endless recursion over 1,000 values on the operand stack: large frames without a local", LimitStack,
			recursive(long, nil, func(self uint32) []byte {
				return join([]byte{0}, loads(1000, false), w.Call(self), repeat(1000, w.Do(w.Add64)))
			})),
		called("recursion_vectors", "endless recursion over 500 vectors on the operand stack", LimitStack,
			recursive(vector, []byte("\xfd\x1d\x00"), vectors)),
	}
	for _, a := range all {
		a.Limits.Timeout *= 30
	}
	return all
}

// labour is work without loops, where nobody expects much of it.
func labour() []*Attack {
	const large, elements = 256, 90_000 // pages
	big := func(n int, code ...[]byte) []byte {
		return withMemory(large, func(m *w.Module) { m.Table(elements) }, repeat(n, code...))
	}
	fill := join(w.I32(0), w.I32(1), w.I32(large<<16), []byte("\xfc\x0b\x00"))
	div := join(w.Get(2), w.I32(7), w.Do(w.Div32), w.Set(2))
	zero := w.I32(0)
	tableFill := join(zero, []byte("\xd0\x70"), w.I32(elements), []byte("\xfc\x11\x00"))
	tableCopy := join(zero, w.I32(1), w.I32(elements-1), []byte("\xfc\x0e\x00\x00"))
	return []*Attack{
		called("bulk_fill_straight", "10,000 fills of 16 MiB in a row: no loop and no call", LimitTime, big(10_000, fill)),
		called("bulk_copy_straight", "7,000 copies of 8 MiB in a row", LimitTime, big(7_000, zero, w.I32(8<<20), w.I32(8<<20), []byte("\xfc\x0a\x00\x00"))),
		called("bulk_init_straight", "100,000 copies of a data segment of 8 MiB in a row, 1,000 to a function", LimitTime,
			withSegment(8<<20, repeat(1000, zero, zero, w.I32(8<<20), []byte("\xfc\x08\x00\x00")), repeat(100, w.Call(0)))),
		invalid("bomb_table_fill", "10,000 fills of a table, of each of which wazero makes a loop", big(10_000, tableFill)),
		invalid("bomb_table_copy", "8,000 copies of a table", big(8_000, tableCopy)),
		called("table_fill_tree", "a call tree of functions that fill a table of 90,000 elements 1,000 times", LimitTime, tree(repeat(1000, tableFill))),
		called("table_copy_tree", "a call tree of functions that copy a table of 90,000 elements 1,000 times", LimitTime, tree(repeat(1000, tableCopy))),
		called("straight_divide", "a call tree of functions of 15,000 divisions", LimitTime, tree(repeat(15_000, div))),
		leakGlobals(),
	}
}

// tree calls a leaf 2^30 times, without a loop. There is a table of 90,000 elements.
func tree(leaf []byte) []byte {
	return guest(func(m *w.Module) {
		m.Table(90_000)
		next := m.Func(wasm.Signature("", ""), 3, leaf)
		for range 30 {
			next = m.Func(wasm.Signature("", ""), 0, w.Call(next), w.Call(next))
		}
	}, w.Call(30), nothing())
}

func withMemory(pages uint32, add func(m *w.Module), handler []byte) []byte {
	m := &w.Module{}
	add(m)
	m.Memory(pages, 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(8192)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 2, handler, nothing()))
	return m.Bytes()
}

// withSegment is a plugin with a passive data segment of so many bytes; its data count stands before the code. Function 0
// has the body of worker.
func withSegment(size int, worker, handler []byte) []byte {
	module := withMemory(256, func(m *w.Module) { m.Func(wasm.Signature("", ""), 0, worker) }, handler)
	at := 8
	for module[at] != 10 {
		n, length := binary.Uvarint(module[at+1:])
		at += 1 + length + int(n)
	}
	segment := join([]byte("\x01\x01"), u32(size), make([]byte, size))
	return join(module[:at], w.Section(12, []byte{1}), module[at:], w.Section(11, segment))
}

// leakGlobals leaves a secret in 200 hidden globals.
func leakGlobals() *Attack {
	const n = 200
	var write, sum []byte
	for i := range uint32(n) {
		write = join(write, w.I32(42), w.GlobalSet(i))
		sum = join(sum, w.GlobalGet(i), w.Do(w.Add32))
	}
	a := defaults("leak_globals_many")
	a.What = "leaves secrets in 200 hidden globals"
	a.Wasm = guest(func(m *w.Module) {
		for range n {
			m.Global(w.I32(1))
		}
	}, w.Get(1), w.If(write, w.I64(0), []byte{0x0f}), w.I32(1024), w.I32(0), sum, w.Store32(0), w.I64(1024<<32|4))
	clean, dirty := Call{Outcome: OK, Answer: []byte{n, 0, 0, 0}}, Call{Request: []byte("x"), Outcome: OK}
	a.Calls = []Call{clean, dirty, clean, dirty, clean}
	return a
}
