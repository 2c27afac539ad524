package wasm

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var errPoints = errors.New("charge points are left")

// An emitter writes code.
type emitter struct{ out []byte }

func (e *emitter) op(ops ...byte) { e.out = append(e.out, ops...) }

func (e *emitter) with(op byte, index uint32) {
	e.out = binary.AppendUvarint(append(e.out, op), uint64(index))
}

func (e *emitter) i32(n int32) { e.out = appendSigned(append(e.out, opI32Const), int64(n)) }
func (e *emitter) i64(n int64) { e.out = appendSigned(append(e.out, opI64Const), n) }

func appendSigned(dst []byte, n int64) []byte {
	for ; n < -64 || n > 63; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(dst, byte(n)&0x7f)
}

// Opcodes that only added code uses by name.
const (
	opSelect  = 0x1b
	opI32Sub  = 0x6b
	opI32Add  = 0x6a
	opI32LtS  = 0x48
	opI32LtU  = 0x49
	opI32GtU  = 0x4b
	opI64LtS  = 0x53
	opI64GtU  = 0x56
	opI64Add  = 0x7c
	opI64Sub  = 0x7d
	opI64And  = 0x83
	opI64Shl  = 0x86
	opI64ShrU = 0x88
	opExtendU = 0xad // i64.extend_i32_u
)

// yieldBelowZero calls yield for a counter in a local that is below zero. The global is the next one then, wherever the
// counter lives, so that the host need not set it; and so is the local if it is the counter.
func (e *emitter) yieldBelowZero(m *meter, counter uint32, cached bool) {
	e.with(opLocalGet, counter)
	e.i64(0)
	e.op(opI64LtS, opIf, emptyBlock)
	e.with(opLocalGet, counter)
	e.with(opCall, m.yield)
	if cached {
		e.with(opLocalTee, counter)
	}
	e.with(opGlobalSet, m.fuel)
	e.op(opEnd)
}

// A function writes the metered body of one function. While it has loops, its counter lives in a local, which an engine
// keeps in a register: the global is behind, and is put right before calls and at the end.
type function struct {
	*meter
	emitter
	body    *body
	params  []ValueType
	plan    plan
	counter uint32 // local, i64
	spare   uint32 // local, i32
	cached  bool   // the local is the counter
	depth   int    // open blocks, the function itself included
	leaf    leaf   // the open one, if any: there is no other in it
	from    int    // in the file: what is before it has been written
}

// code returns the new code section.
func (m *meter) code() []byte {
	out := binary.AppendUvarint(nil, uint64(len(m.bodies)+len(m.helpers)))
	for i := range m.bodies {
		f := m.function(i)
		f.write(uint32(m.imported.functions + i))
		out = binary.AppendUvarint(out, uint64(len(f.out)))
		out = append(out, f.out...)
	}
	for _, h := range m.helperBodies() {
		out = binary.AppendUvarint(out, uint64(len(h)))
		out = append(out, h...)
	}
	return out
}

func (m *meter) function(i int) *function {
	b := &m.bodies[i]
	params := m.typeOf(uint32(m.imported.functions + i)).Params
	counter := uint32(len(params)) + b.locals
	f := &function{meter: m, body: b, params: params, cached: b.loops > 0, depth: 1, counter: counter, spare: counter + 1}
	f.plan = m.planOf(b, f.reader())
	f.emitter.out = make([]byte, 0, b.size+b.size/2+64)
	return f
}

func (f *function) reader() code {
	return code{
		Outline: f.Outline, labels: 1, locals: f.counter,
		reader: reader{file: f.file, at: f.body.code, end: f.body.at + f.body.size},
	}
}

// write writes the body of the function with an old index.
func (f *function) write(index uint32) {
	f.locals()
	f.enter()
	points := f.plan.points
	f.charge(points[0])
	if f.plan.returns {
		f.openBody(f.typeOf(index).Results)
	}
	c, points := f.reader(), points[1:]
	f.from = c.at
	var i instr
	for f.depth > 0 && c.err == nil {
		if len(points) > 0 && points[0].at == c.at {
			f.keep(c.at)
			f.charge(points[0])
			points = points[1:]
		}
		c.next(&i)
		f.instr(&i)
	}
	if f.plan.returns {
		f.op(opEnd)
	}
	f.leave()
	f.op(opEnd)
	if c.err != nil || len(points) > 0 {
		f.meter.err = fmt.Errorf("function %d is not what was read: %w", index, errors.Join(c.err, errPoints))
	}
}

// locals copies the locals and adds the counter and the spare.
func (f *function) locals() {
	r := reader{file: f.file, at: f.body.at, end: f.body.code}
	n := r.u32()
	f.emitter.out = binary.AppendUvarint(f.emitter.out, uint64(n)+2)
	f.emitter.out = append(f.emitter.out, f.file[r.at:r.end]...)
	f.op(1, byte(I64), 1, byte(I32))
}

// keep copies what lies before a place of the file.
func (f *function) keep(until int) {
	f.emitter.out = append(f.emitter.out, f.file[f.from:until]...)
	f.from = until
}

// replace drops an instruction that is written anew.
func (f *function) replace(i *instr) {
	f.keep(i.at)
	f.from = i.end
}

// openBody puts the function's code in a block, so that everything that leaves the function goes by its end. The labels of
// the code mean the same as before.
func (f *function) openBody(results []ValueType) {
	f.op(opBlock)
	switch len(results) {
	case 0:
		f.op(emptyBlock)
	case 1:
		f.op(byte(results[0]))
	default:
		f.emitter.out = appendSigned(f.emitter.out, int64(f.typeIndex(FuncType{Results: results})))
	}
}

// instr writes one instruction.
func (f *function) instr(i *instr) {
	switch i.op {
	case opBlock, opIf:
		f.depth++
	case opLoop:
		f.depth++
		if leaves := f.plan.leaves; len(leaves) > 0 && leaves[0] == i.at {
			f.plan.leaves = leaves[1:]
			f.openLeaf(i)
		}
	case opEnd:
		if f.depth--; f.depth == 0 {
			f.replace(i)
		} else if f.depth+1 == f.leaf.depth {
			f.closeLeaf(i)
		}
	case opBr, opBrIf, opBrTable:
		f.branch(i)
	case opReturn:
		f.replace(i)
		f.with(opBr, f.label(uint32(f.depth-1)))
	case opCall:
		f.replace(i)
		f.call(f.moved(i.x))
	case opCallIndirect:
		f.keep(i.at)
		f.settle()
		f.keep(i.end)
		f.resume()
	case opRefFunc:
		f.replace(i)
		f.with(opRefFunc, f.moved(i.x))
	default:
		f.bulk(i)
	}
}

// call calls a function of a new index.
func (f *function) call(index uint32) {
	f.settle()
	f.with(opCall, index)
	f.resume()
}

// settle brings the global up to date.
func (f *function) settle() {
	if f.cached {
		f.with(opLocalGet, f.counter)
		f.with(opGlobalSet, f.fuel)
	}
}

// resume takes the counter over from whoever ran in between.
func (f *function) resume() {
	if f.cached {
		f.with(opGlobalGet, f.fuel)
		f.with(opLocalSet, f.counter)
	}
}
