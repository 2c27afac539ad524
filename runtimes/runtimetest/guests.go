package runtimetest

import (
	"encoding/binary"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// Where the small guests keep things in their first page.
const (
	resultAt = 1024         // what a host function returned
	outAt    = resultAt + 8 // room for what it wrote
	inputAt  = 8192         // requests
	page     = 1 << 16
)

// A module is a guest under construction: one memory, and the exports that every plugin has.
type module struct {
	w.Module
	pages uint32 // of counterWith
}

// complete adds the memory, an input function that always answers inputAt, and the handler as body of handle(ptr, len).
func (m *module) complete(low, high uint32, handler ...[]byte) []byte {
	m.memory(low, high)
	m.input(w.I32(inputAt))
	m.handle(handler...)
	return m.Bytes()
}

func (m *module) memory(low, high uint32) {
	m.Memory(low, high)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
}

// function adds an exported function with two spare i32 locals.
func (m *module) function(name, params, results string, body ...[]byte) {
	m.Export(name, wasm.KindFunc, m.Func(wasm.Signature(params, results), 2, body...))
}

func (m *module) input(body ...[]byte)     { m.function(abi.ExportInput, "i", "i", body...) }
func (m *module) handle(body ...[]byte)    { m.function(abi.ExportHandle, "ii", "I", body...) }
func (m *module) configure(body ...[]byte) { m.function(abi.ExportConfigure, "ii", "I", body...) }

// initialize adds _initialize.
func (m *module) initialize(body ...[]byte) { m.function(abi.ExportInitialize, "", "", body...) }

// capability imports a host function of ABI v1 with its own type.
func (m *module) capability(name string) uint32 {
	return m.Import(abi.Module, name, capabilityType(name))
}

func capabilityType(name string) wasm.FuncType {
	for _, i := range abi.Imports() {
		if i.Name == name {
			return wasm.Signature(i.Params, i.Results)
		}
	}
	return wasm.FuncType{}
}

// pack packs the address and the length that are on the stack of a handler.
func pack() []byte { return w.Pack(3) }

// echo answers the request, of up to size bytes.
func echo(size uint32) []byte {
	m := &module{}
	return m.complete((inputAt+size)/page+1, 0, w.Get(0), w.Get(1), pack())
}

// quoter answers whatever packed result its request of 8 bytes says.
func quoter() []byte {
	m := &module{}
	return m.complete(1, 0, w.Get(0), w.Load64(0))
}

// counter counts its calls, in memory and in a global that is not exported, and answers both numbers, the first four bytes
// of the last page, where it counts too, and the size of its memory. A request that starts with 1 traps after counting;
// with 2 the memory then grows by a page.
func counter() []byte { return counterWith(func(*module) {}) }

func counterWith(change func(*module)) []byte {
	m := &module{pages: 1}
	change(m)
	global := m.Global(w.I32(41))
	m.Data(resultAt, []byte{41})
	last := w.I32((m.pages-1)*page + page - 4)
	add1 := concat(w.I32(1), w.Do(w.Add32))
	return m.complete(m.pages, 0,
		w.I32(resultAt), w.I32(resultAt), w.Load32(0), add1, w.Store32(0),
		w.GlobalGet(global), add1, w.GlobalSet(global),
		w.I32(resultAt), w.GlobalGet(global), w.Store32(4),
		last, last, w.Load32(0), add1, w.Store32(0),
		w.I32(resultAt), last, w.Load32(0), w.Store32(8),
		w.I32(resultAt), w.Size(), w.Store32(12),
		w.Get(0), w.Load8(0), w.I32(1), w.Do(w.Equal32), w.If(w.Do(w.Unreachable)),
		w.Get(0), w.Load8(0), w.If(w.I32(1), w.Grow(), w.Do(w.Drop)),
		w.I32(resultAt), w.I32(16), pack())
}

// tabler answers whether the element of its table is null, and sets it.
func tabler() []byte {
	m := &module{}
	m.Table(1)
	f := m.Func(wasm.Signature("", ""), 0)
	m.Export("f", wasm.KindFunc, f) // which declares it for ref.func
	return m.complete(1, 0,
		w.I32(resultAt), w.I32(0), w.TableGet(), w.IsNull(), w.Store32(0),
		w.I32(0), w.RefFunc(f), w.TableSet(), w.I32(resultAt), w.I32(4), pack())
}

// grower grows its memory by the pages that the request says and answers what memory.grow did.
func grower(low, high uint32) []byte {
	m := &module{}
	return m.complete(low, high,
		w.I32(resultAt), w.Get(0), w.Load32(0), w.Grow(), w.Store32(0), w.I32(resultAt), w.I32(4), pack())
}

// caller calls one host function as a callerRequest says.
func caller(name string) []byte {
	m := &module{}
	return callerOf(m, m.capability(name), capabilityType(name), 1)
}

// wasiCaller is caller for a function of WASI.
func wasiCaller(name, params, results string) []byte {
	m, t := &module{}, wasm.Signature(params, results)
	return callerOf(m, m.Import(abi.WASIModule, name, t), t, 1)
}

func callerOf(m *module, function uint32, t wasm.FuncType, pages uint32) []byte {
	return m.complete(pages, 0, callFromRequest(function, t), w.I32(resultAt), w.Get(0), w.Load32(uint32(8*len(t.Params))), pack())
}

// callFromRequest loads each parameter from 8 bytes of the request, calls, and stores a result at resultAt.
func callFromRequest(function uint32, t wasm.FuncType) (code []byte) {
	if len(t.Results) > 0 {
		code = append(code, w.I32(resultAt)...)
	}
	for i, p := range t.Params {
		load := map[wasm.ValueType]func(uint32) []byte{wasm.I32: w.Load32, wasm.I64: w.Load64, wasm.F64: w.LoadF64}[p]
		code = append(append(code, w.Get(0)...), load(uint32(8*i))...)
	}
	code = append(code, w.Call(function)...)
	if len(t.Results) > 0 {
		code = append(code, w.Store32(0)...)
	}
	return code
}

// A callerRequest says with which parameters a caller calls, and how many bytes from resultAt on it answers.
type callerRequest struct {
	params []uint64
	answer uint32
	data   []byte // lies at dataAt(len(params))
}

func (q callerRequest) bytes() []byte {
	var out []byte
	for _, p := range append(q.params, uint64(q.answer)) {
		out = binary.LittleEndian.AppendUint64(out, p)
	}
	return append(out, q.data...)
}

// dataAt is where the data of a callerRequest with so many parameters lies.
func dataAt(params int) uint64 { return inputAt + 8*uint64(params+1) }

// callFrom calls a function of i32 parameters with constants, as many as it takes.
func callFrom(function uint32, t wasm.FuncType, params ...uint32) (code []byte) {
	for _, p := range params[:len(t.Params)] {
		code = append(code, w.I32(p)...)
	}
	return append(code, w.Call(function)...)
}
