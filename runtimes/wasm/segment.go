package wasm

import (
	"errors"
	"fmt"
)

// A constant is a constant expression: what an active segment's offset may be, and what a global or element starts as.
type constant struct {
	op    byte
	value uint32 // of i32.const, ref.func or global.get
}

// constant reads one instruction and an end; longer expressions are not in ABI v1.
func (s *section) constant() (c constant) {
	c.op = s.byte()
	switch c.op {
	case opI32Const:
		c.value = uint32(s.signed(32))
	case opI64Const:
		s.signed(64)
	case opF32Const:
		s.skip(4)
	case opF64Const:
		s.skip(8)
	case opGlobalGet:
		c.value = s.below(s.imported.globals, "imported global")
		if s.err == nil && s.globals[c.value].mutable {
			s.fail(fmt.Errorf("global %d is mutable and so is no constant", c.value))
		}
	case opRefNull:
		s.refType()
	case opRefFunc:
		c.value = s.below(len(s.functions), "function")
	case opVector:
		if s.u32() != 12 {
			s.fail(errors.New("not a constant expression of ABI v1"))
		}
		s.skip(16)
	default:
		s.fail(fmt.Errorf("instruction %#x in a constant expression", c.op))
	}
	if end := s.byte(); s.err == nil && end != opEnd {
		s.fail(errors.New("a constant expression of more than one instruction is not in ABI v1"))
	}
	return c
}

// element reads an element segment (core spec 5.5.12). Bit 0 of its flag: not active; 1: a table index or declared; 2:
// expressions, not function indices.
func (s *section) element() {
	flag := s.u32()
	if flag > 7 {
		s.fail(fmt.Errorf("element segment with flag %d", flag))
		return
	}
	active, table, offset := flag&1 == 0, uint32(0), constant{}
	if active {
		if flag&2 != 0 {
			table = s.u32()
		}
		if s.err == nil && uint64(table) >= uint64(len(s.tables)) {
			s.fail(fmt.Errorf("table %d is out of range, there are %d", table, len(s.tables)))
			return
		}
		offset = s.constant()
	}
	switch {
	case flag&3 == 0:
	case flag&4 != 0:
		s.refType()
	default:
		if kind := s.byte(); kind != 0 {
			s.fail(fmt.Errorf("elements of kind %#x", kind))
		}
	}
	n := s.count("elements", MaxElements)
	if s.sums.elements += uint64(n); s.sums.elements > MaxElements {
		s.tooMany(s.sums.elements, "elements of all segments", MaxElements)
	}
	for i := n; i > 0 && s.err == nil; i-- {
		if flag&4 != 0 {
			s.constant()
		} else {
			s.below(len(s.functions), "function")
		}
	}
	if s.elements++; active && s.err == nil {
		s.inside(offset, n, uint64(s.tables[table].low), int(table) < s.imported.tables, "table")
	}
}

// data reads a data segment (core spec 5.5.14).
func (s *section) data() {
	flag := s.u32()
	active, offset := flag != 1, constant{}
	memories := s.imported.memories + len(s.Memories)
	switch {
	case flag > 2:
		s.fail(fmt.Errorf("data segment with flag %d", flag))
	case flag == 2:
		s.below(memories, "memory")
	case flag == 0 && memories == 0:
		s.fail(errors.New("memory 0 is out of range, there are 0"))
	}
	if active {
		offset = s.constant()
	}
	n := s.u32()
	s.skip(n)
	if s.datas++; active && s.err == nil && s.imported.memories == 0 {
		s.inside(offset, n, uint64(s.Memories[0].Min)<<16, false, "memory")
	}
}

// inside refuses an active segment that ends behind what it fills: engines differ about those. What is imported may be
// larger than its type says; ABI v1 has no such imports.
func (s *section) inside(offset constant, n uint32, size uint64, imported bool, what string) {
	if imported || offset.op != opI32Const {
		return
	}
	if uint64(offset.value)+uint64(n) > size {
		s.fail(fmt.Errorf("a segment of %d at %d ends behind its %s of %d", n, offset.value, what, size))
	}
}
