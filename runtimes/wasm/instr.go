package wasm

import (
	"errors"
	"fmt"
)

// An instr is one instruction of a body. op is the opcode, or prefix<<8 + second opcode.
type instr struct {
	op         int
	at, end    int // in the file
	x, y       uint32
	blockAt    int // where the block type starts
	mostTarget uint32
	multi      []ValueType // what a block whose type has an index takes and leaves
}

// A code is a function's body being read, and what its indices may name.
type code struct {
	*Outline
	reader
	locals uint32 // parameters included
	labels uint32 // open blocks and the function itself
	refs   uint32 // targets of br_table so far
	blocks uint32
}

// next reads one instruction and keeps what a rewriter needs of it. It holds every index against its index space.
func (c *code) next(i *instr) {
	*i = instr{at: c.at}
	op := c.byte()
	i.op = int(op)
	switch formOf(op) {
	case plain:
		if op == opEnd {
			c.labels--
		}
	case localForm:
		if i.x = c.u32(); i.x >= c.locals {
			c.fail(fmt.Errorf("local %d is out of range, there are %d", i.x, c.locals))
		}
	case i32Form:
		c.signed(32)
	case i64Form:
		c.signed(64)
	case f32Form:
		c.skip(4)
	case f64Form:
		c.skip(8)
	case memoryForm:
		c.memarg()
	case blockForm:
		c.block(i)
	case labelForm:
		i.x = c.below(int(c.labels), "label")
	case tableOfForm:
		c.targets(i)
	case funcForm:
		i.x = c.below(len(c.functions), "function")
	case indirectForm:
		i.x = c.below(len(c.types), "type")
		i.y = c.below(len(c.tables), "table")
	case globalForm:
		i.x = c.below(len(c.globals), "global")
	case tableForm:
		i.x = c.below(len(c.tables), "table")
	case zeroForm:
		c.zero()
	case typesForm:
		if n := c.count("types of select", MaxValues); n != 1 && c.err == nil {
			c.fail(fmt.Errorf("select with %d types", n))
		}
		c.valueType()
	case refForm:
		c.refType()
	default:
		c.prefixed(i, op)
	}
	i.end = c.at
}

// memarg reads alignment and offset. Bit 6 of the alignment would name a memory.
func (c *code) memarg() {
	if align := c.u32(); align >= 32 {
		c.fail(fmt.Errorf("alignment 2^%d: multiple memories are not in ABI v1", align))
	}
	c.u32()
	c.memory0()
}

func (c *code) memory0() {
	if c.err == nil && c.imported.memories+len(c.Memories) == 0 {
		c.fail(errors.New("memory 0 is out of range, there are 0"))
	}
}

func (c *code) zero() {
	if b := c.byte(); b != 0 && c.err == nil {
		c.fail(fmt.Errorf("memory %d: multiple memories are not in ABI v1", b))
	}
	c.memory0()
}

// block reads a block type: nothing, one value, or the index of a type.
func (c *code) block(i *instr) {
	i.blockAt = c.at
	switch b := c.byte(); {
	case b == emptyBlock || b >= 0x6f && b <= 0x7f:
		if b != emptyBlock && ValueType(b).String() == "invalid" {
			c.fail(fmt.Errorf("block type %#x is not in ABI v1", b))
		}
	default:
		c.at-- // it was a part of the number
		if n := c.signed(33); c.err == nil && (n < 0 || n >= int64(len(c.types))) {
			c.fail(fmt.Errorf("block type %d is out of range, there are %d", n, len(c.types)))
		} else if c.err == nil {
			i.multi = c.types[n].Params
			if len(c.types[n].Results) > len(i.multi) {
				i.multi = c.types[n].Results
			}
		}
	}
	if c.blocks++; c.blocks > MaxBlocks {
		c.tooMany(uint64(c.blocks), "blocks of a function", MaxBlocks)
	}
	if c.labels++; c.labels > MaxNesting {
		c.tooMany(uint64(c.labels), "nested blocks", MaxNesting)
	}
}

// targets reads the labels of br_table; mostTarget is the outermost.
func (c *code) targets(i *instr) {
	n := c.count("targets of br_table", MaxTargets)
	if c.refs += n + 1; c.refs > MaxTargets {
		c.tooMany(uint64(c.refs), "targets of br_table in a function", MaxTargets)
	}
	i.x = uint32(c.at) // where the labels start
	for ; c.err == nil; n-- {
		i.mostTarget = max(i.mostTarget, c.below(int(c.labels), "label"))
		if n == 0 {
			break
		}
	}
}

// second reads an opcode behind a prefix, in its shortest form: a longer one is read differently by different engines.
func (c *code) second() uint32 {
	from := c.at
	n := c.u32()
	if size := c.at - from; size > 2 || size == 2 && n < 0x80 {
		c.fail(fmt.Errorf("opcode %d in %d bytes", n, size))
	}
	return n
}

func (c *code) prefixed(i *instr, op byte) {
	if c.err != nil {
		return
	}
	switch op {
	case opMisc:
		n := c.second()
		i.op = opMisc<<8 | int(n)
		c.misc(i, n)
	case opVector:
		n := c.second()
		i.op = opVector<<8 + int(n)
		c.vector(n)
	default:
		c.at = i.at
		c.fail(fmt.Errorf("instruction %#x is not in ABI v1: %s", op, feature(op)))
	}
}

func (c *code) misc(i *instr, n uint32) {
	if n <= 7 { // saturating conversions
		return
	}
	switch i.op {
	case opMemoryInit:
		i.x = c.dataIndex()
		c.zero()
	case opDataDrop:
		i.x = c.dataIndex()
	case opMemoryCopy:
		c.zero()
		c.zero()
	case opMemoryFill:
		c.zero()
	case opTableInit:
		i.x = c.below(c.elements, "element segment")
		i.y = c.below(len(c.tables), "table")
	case opElemDrop:
		i.x = c.below(c.elements, "element segment")
	case opTableCopy:
		i.x = c.below(len(c.tables), "table")
		i.y = c.below(len(c.tables), "table")
	case opTableGrow, opTableSize, opTableFill:
		i.x = c.below(len(c.tables), "table")
	default:
		c.fail(fmt.Errorf("instruction 0xfc %d is not in ABI v1", n))
	}
}

// dataIndex needs the data count section, which comes before the code (core spec 5.5.16).
func (c *code) dataIndex() uint32 { return c.below(max(c.dataCount, 0), "data segment") }

// vector reads what follows an opcode of 128-bit SIMD (core spec 5.4.9).
func (c *code) vector(n uint32) {
	switch {
	case n <= 11 || n == 92 || n == 93:
		c.memarg()
	case n == 12:
		c.skip(16)
	case n == 13:
		for range 16 {
			c.lane(32)
		}
	case n >= 21 && n <= 34:
		c.lane([]uint32{16, 16, 16, 8, 8, 8, 4, 4, 2, 2, 4, 4, 2, 2}[n-21])
	case n >= 84 && n <= 91:
		c.memarg()
		c.lane([]uint32{16, 8, 4, 2}[(n-84)%4])
	case n >= firstRelaxed && n <= lastRelaxed && c.allowed.RelaxedSIMD:
	case n >= firstRelaxed && n <= lastRelaxed:
		c.fail(fmt.Errorf("instruction 0xfd %d is not in ABI v1: relaxed SIMD", n))
	case n > 255 || unassigned(n):
		c.fail(fmt.Errorf("instruction 0xfd %d is not in ABI v1", n))
	}
}

func (c *code) lane(most uint32) {
	if b := uint32(c.byte()); b >= most {
		c.fail(fmt.Errorf("lane %d, at most %d", b, most-1))
	}
}

// Opcodes of relaxed SIMD behind opVector. Nothing follows them.
const firstRelaxed, lastRelaxed = 256, 275

// unassigned lists the holes among the opcodes of 128-bit SIMD.
func unassigned(n uint32) bool {
	switch n {
	case 154, 162, 165, 166, 175, 176, 178, 179, 180, 187, 194, 197, 198, 207, 208, 210, 211, 212, 226, 238:
		return true
	}
	return false
}
