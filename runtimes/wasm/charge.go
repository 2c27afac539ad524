package wasm

// Constants of charges by size.
const (
	bytesShift = 6         // a unit for 64 bytes
	pageShift  = 10        // and so for a page
	tableMask  = 1<<17 - 1 // no table has that many elements, so that an instruction with more fails and is not charged for
)

// frameWords is more than any engine here takes of the stack for one call, in words of 8 bytes: every local and every
// value that an instruction makes may have to be kept.
func (b *body) frameWords(params int) int32 {
	const own = 8
	values := uint32(params) + b.locals + b.vectors + b.multi + b.instrs
	return int32(own + values)
}

// enter counts the frame of a function that calls others, and starts the counter.
func (f *function) enter() {
	if f.body.calls {
		f.with(opGlobalGet, f.stack)
		f.i32(f.frame())
		f.op(opI32Sub)
		f.with(opLocalTee, f.spare)
		f.with(opGlobalSet, f.stack)
		f.with(opLocalGet, f.spare)
		f.i32(0)
		f.op(opI32LtS, opIf, emptyBlock)
		f.i64(StackOverflow)
		f.with(opCall, f.yield)
		f.op(opDrop, opEnd)
	}
	f.resume()
}

// leave gives back what enter took.
func (f *function) leave() {
	f.settle()
	if f.body.calls {
		f.with(opGlobalGet, f.stack)
		f.i32(f.frame())
		f.op(opI32Add)
		f.with(opGlobalSet, f.stack)
	}
}

func (f *function) frame() int32 {
	return f.body.frameWords(int(f.counter - f.body.locals))
}

// charge takes a point's weight. Points that always are, function entry and loop headers, also look whether the slice is
// used up; between two of them lies no loop and no call.
func (f *function) charge(p point) {
	f.current()
	f.i64(int64(p.weight))
	f.op(opI64Sub)
	switch {
	case f.leaf.depth > 0 && p.parent < 0:
		f.header(p.weight)
	case p.parent < 0:
		f.look()
	case f.cached:
		f.with(opLocalSet, f.counter)
	default:
		f.with(opGlobalSet, f.fuel)
	}
}

// current puts the counter on the stack.
func (f *function) current() {
	if f.cached {
		f.with(opLocalGet, f.counter)
	} else {
		f.with(opGlobalGet, f.fuel)
	}
}

// look takes the counter from the stack, and yields if it is below zero.
func (f *function) look() {
	if f.cached {
		f.with(opLocalSet, f.counter)
		f.yieldBelowZero(f.meter, f.counter, true)
		return
	}
	f.with(opLocalTee, f.counter)
	f.with(opGlobalSet, f.fuel)
	f.yieldBelowZero(f.meter, f.counter, false)
}

// bulk charges an instruction whose work depends on the operand on top of the stack.
func (f *function) bulk(i *instr) {
	switch i.op {
	case opMemoryGrow:
		f.replace(i)
		f.call(f.helpers[helperGrow])
	case opMemoryFill:
		f.replace(i)
		f.call(f.helpers[helperFill])
	case opMemoryCopy:
		f.replace(i)
		f.call(f.helpers[helperCopy])
	case opMemoryInit:
		f.keep(i.at)
		f.bySize(func() {
			f.i64(bytesShift)
			f.op(opI64ShrU)
		})
	case opTableInit, opTableCopy, opTableFill, opTableGrow:
		f.keep(i.at)
		f.bySize(func() {
			f.i64(tableMask)
			f.op(opI64And)
		})
	}
}

// bySize takes fuel for the operand on top of the stack, which scale turns into units, and looks whether the slice is used
// up. None of these instructions alone takes long: a segment is at most the file, a table at most MaxElements.
func (f *function) bySize(scale func()) {
	f.with(opLocalSet, f.spare)
	f.current()
	f.with(opLocalGet, f.spare)
	f.op(opExtendU)
	scale()
	f.op(opI64Sub)
	f.look()
	f.with(opLocalGet, f.spare)
}
