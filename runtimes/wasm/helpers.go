package wasm

// Functions that Meter adds behind those of the module, to call in place of an instruction that may take long.
const (
	helperGrow = iota // (pages i32) -> i32
	helperFill        // (to i32, value i32, size i32)
	helperCopy        // (to i32, from i32, size i32)
	helperCount
)

// chunk is the most that one instruction moves: in a fraction of a millisecond.
const chunk = 1 << 20

func yieldType() FuncType { return Signature("I", "I") }

func helperTypes() [helperCount]FuncType {
	return [...]FuncType{Signature("i", "i"), Signature("iii", ""), Signature("iii", "")}
}

// helperBodies returns the helpers' code. Without a memory nobody calls them.
func (m *meter) helperBodies() [][]byte {
	if m.imported.memories+len(m.Memories) == 0 {
		nothing := []byte{0, opUnreachable, opEnd}
		return [][]byte{nothing, nothing, nothing}
	}
	return [][]byte{m.growBody(), m.fillBody(), m.copyBody()}
}

// A helper is a helper's code. Its locals stand behind its parameters: the counter, then the size of a chunk.
type helper struct {
	emitter
	*meter
	counter, part uint32
}

func (m *meter) helper(params uint32) *helper {
	h := &helper{meter: m, counter: params, part: params + 1}
	h.op(2, 1, byte(I64), 1, byte(I32))
	return h
}

func (h *helper) get(locals ...uint32) {
	for _, l := range locals {
		h.with(opLocalGet, l)
	}
}

// take charges for a local's size, shifted by shift.
func (h *helper) take(size uint32, op byte, shift int64) {
	h.with(opGlobalGet, h.fuel)
	h.get(size)
	h.op(opExtendU)
	h.i64(shift)
	h.op(op, opI64Sub)
	h.with(opLocalTee, h.counter)
	h.with(opGlobalSet, h.fuel)
	h.yieldBelowZero(h.meter, h.counter, false)
}

// growBody answers -1 at once to what the maximum forbids: who asks for too much pays nothing.
func (m *meter) growBody() []byte {
	h := m.helper(1)
	mem, _ := m.memory()
	h.get(0)
	h.i32(int32(mem.Max))
	h.op(opMemorySize, 0, opI32Sub, opI32GtU, opIf, emptyBlock)
	h.i32(-1)
	h.op(opReturn, opEnd)
	h.take(0, opI64Shl, pageShift)
	h.get(0)
	h.op(opMemoryGrow, 0, opEnd)
	return h.out
}

// inside traps unless size bytes at a local's address lie in memory: the instruction would, before it writes.
func (h *helper) inside(address, size uint32) {
	h.get(address)
	h.op(opExtendU)
	h.get(size)
	h.op(opExtendU, opI64Add, opMemorySize, 0, opExtendU)
	h.i64(16)
	h.op(opI64Shl, opI64GtU, opIf, emptyBlock, opUnreachable, opEnd)
}

// next makes the next part of size bytes, and charges for it.
func (h *helper) next(size uint32) {
	h.get(size)
	h.i32(chunk)
	h.get(size)
	h.i32(chunk)
	h.op(opI32LtU, opSelect)
	h.with(opLocalSet, h.part)
	h.take(h.part, opI64ShrU, bytesShift)
}

// advance moves an address past a part.
func (h *helper) advance(address uint32) {
	h.get(address, h.part)
	h.op(opI32Add)
	h.with(opLocalSet, address)
}

func (m *meter) fillBody() []byte {
	const to, value, size = 0, 1, 2
	h := m.helper(3)
	h.inside(to, size)
	h.op(opLoop, emptyBlock)
	h.next(size)
	h.get(to, value, h.part)
	h.op(opMisc, 11, 0)
	h.advance(to)
	h.get(size, h.part)
	h.op(opI32Sub)
	h.with(opLocalTee, size)
	h.op(opBrIf, 0, opEnd, opEnd)
	return h.out
}

// copyBody copies from the front where the target lies before the source, else from the back: both may overlap.
func (m *meter) copyBody() []byte {
	const to, from, size = 0, 1, 2
	h := m.helper(3)
	h.inside(to, size)
	h.inside(from, size)
	h.op(opLoop, emptyBlock)
	h.next(size)
	h.get(size, h.part)
	h.op(opI32Sub)
	h.with(opLocalSet, size)
	h.get(to, from)
	h.op(opI32GtU, opIf, emptyBlock)
	for _, address := range []uint32{to, from} {
		h.get(address, size)
		h.op(opI32Add)
	}
	h.get(h.part)
	h.op(opMisc, 10, 0, 0, opElse)
	h.get(to, from, h.part)
	h.op(opMisc, 10, 0, 0)
	h.advance(to)
	h.advance(from)
	h.op(opEnd)
	h.get(size)
	h.op(opBrIf, 0, opEnd, opEnd)
	return h.out
}
