package wasm

import "encoding/binary"

// A leaf is a loop in which nothing is called and nothing loops. A call in its header, however rarely it is taken, would
// have an engine keep in memory what lives across it, all the time: that makes tight loops over floats three times slower.
// So yield moves out of the loop:
//
//	block $over                       of the loop's type
//	  loop $again                     of the loop's type
//	    block $spent
//	      loop                        as it was
//	        counter -= weight
//	        br_if $spent              if it is below zero
//	        ...
//	      end
//	      br $over
//	    end
//	    fuel = yield(counter)
//	    counter = fuel + weight, which the header takes once more; see aside
//	    br $again
//	  end
//	end
//
// Nothing of the loop's body has run when it is left that way, so it starts over as if it had not begun. The fuel is the
// same as if yield stood in the header.
type leaf struct {
	at     int // where the loop stands in the file
	depth  int // open blocks in it, the loop included
	weight uint32
}

// Bounds of functions that have leaves: what stands around them costs an engine's compiler time.
const (
	leafPhis  = 2_000 // locals times loops
	leafLoops = 100
)

// aroundLeaf is how many labels lie around a leaf that the module knows nothing of.
const aroundLeaf = 3

// leafPlanner finds the leaves of a function. A candidate is the innermost open loop, as long as nothing spoils it.
type leafPlanner struct {
	candidate leaf // depth 0: none
	found     []int
}

// step looks at one instruction; depth is how many blocks are open before it.
func (p *leafPlanner) step(i *instr, depth int, file []byte) {
	switch i.op {
	case opLoop:
		p.candidate = leaf{}
		if simple(file[i.blockAt]) {
			p.candidate = leaf{at: i.at, depth: depth + 1}
		}
	case opCall, opCallIndirect, opMemoryGrow, opMemoryFill, opMemoryCopy, opMemoryInit, opTableInit, opTableCopy, opTableFill, opTableGrow:
		p.candidate = leaf{} // all of them yield, or call what does
	case opEnd:
		if p.candidate.depth == depth {
			p.found = append(p.found, p.candidate.at)
			p.candidate = leaf{}
		}
	}
}

// simple reports whether a block type, by its first byte, takes nothing and is no index.
func simple(blockType byte) bool { return blockType >= 0x40 && blockType < 0x80 }

// openLeaf writes what comes before a leaf, and its loop instruction.
func (f *function) openLeaf(i *instr) {
	f.replace(i)
	t := f.file[i.blockAt]
	f.op(opBlock, t, opLoop, t, opBlock, emptyBlock, opLoop, t)
	f.leaf = leaf{at: i.at, depth: f.depth}
}

// header charges a leaf for one round; the new counter is on the stack.
func (f *function) header(weight uint32) {
	f.leaf.weight = weight
	f.with(opLocalTee, f.counter)
	f.i64(0)
	f.op(opI64LtS, opBrIf, 1)
}

// closeLeaf writes the end of a leaf and what comes behind it.
func (f *function) closeLeaf(i *instr) {
	f.keep(i.end)
	f.op(opBr, 2, opEnd)
	aside := f.setAside()
	f.store(aside)
	f.with(opLocalGet, f.counter)
	f.with(opCall, f.yield)
	f.with(opLocalTee, f.counter)
	f.with(opGlobalSet, f.fuel)
	f.with(opLocalGet, f.counter)
	f.i64(int64(f.leaf.weight))
	f.op(opI64Add)
	f.with(opLocalSet, f.counter)
	f.load(aside)
	f.op(opBr, 0, opEnd, opEnd)
	f.leaf = leaf{}
}

// label is the new index of a label that the module names here.
func (f *function) label(x uint32) uint32 {
	if f.leaf.depth > 0 && int(x) > f.depth-f.leaf.depth {
		return x + aroundLeaf
	}
	return x
}

// branch writes a branch whose labels have moved.
func (f *function) branch(i *instr) {
	if f.leaf.depth == 0 {
		return
	}
	f.replace(i)
	if i.op != opBrTable {
		f.with(byte(i.op), f.label(i.x))
		return
	}
	r := reader{file: f.file, at: i.at + 1, end: i.end}
	n := r.u32()
	f.with(opBrTable, n)
	for range n + 1 {
		f.emitter.out = binary.AppendUvarint(f.emitter.out, uint64(f.label(r.u32())))
	}
}
