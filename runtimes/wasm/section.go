package wasm

import (
	"fmt"
)

// A section reads one section into the outline.
type section struct {
	*Outline
	reader
}

func (s *section) read(id byte) {
	switch id {
	case 1:
		s.each("types", MaxTypes, s.funcType)
	case 2:
		s.each("imports", MaxEntries, s.importEntry)
	case 3:
		s.each("functions", MaxFunctions, s.function)
	case 5:
		s.each("memories", MaxEntries, func() { s.Memories = append(s.Memories, s.memory()) })
	case 7:
		s.each("exports", MaxEntries, s.export)
	case 8:
		s.Start = true
	case 10:
		s.each("function bodies", MaxFunctions, s.body)
	default: // tables, globals, element and data segments: only their number matters here
		s.count("entries", MaxEntries)
	}
}

func (s *section) each(what string, most uint32, entry func()) {
	for n := s.count(what, most); n > 0 && s.err == nil; n-- {
		entry()
	}
	s.end()
}

func (s *section) funcType() {
	if form := s.byte(); form != 0x60 {
		s.fail(fmt.Errorf("type form %#x is not a function's", form))
	}
	s.types = append(s.types, FuncType{Params: s.values(), Results: s.values()})
}

func (s *section) values() []ValueType {
	types := make([]ValueType, s.count("values", MaxValues))
	for i := range types {
		types[i] = ValueType(s.byte())
	}
	return types
}

func (s *section) importEntry() {
	i := Import{Module: s.name(), Name: s.name(), Kind: Kind(s.byte())}
	switch i.Kind {
	case KindFunc:
		s.function()
		s.imported++
		if s.err == nil {
			i.Type = s.types[s.functions[len(s.functions)-1]]
		}
	case KindTable:
		s.byte()
		s.limits()
	case KindMemory:
		s.limits()
	case KindGlobal:
		s.bytes(2)
	default:
		s.fail(fmt.Errorf("import of unknown kind %d", i.Kind))
	}
	s.Imports = append(s.Imports, i)
}

func (s *section) function() {
	index := s.u32()
	if uint64(index) >= uint64(len(s.types)) {
		s.fail(fmt.Errorf("type index %d is out of range", index))
	}
	s.functions = append(s.functions, index)
}

func (s *section) memory() Memory {
	low, high := s.limits()
	if low > high || high > PageLimit {
		s.fail(fmt.Errorf("memory of %d to %d pages", low, high))
	}
	return Memory{Min: low, Max: high}
}

func (s *section) limits() (low, high uint32) {
	switch flag := s.byte(); flag {
	case 0:
		return s.u32(), PageLimit
	case 1:
		return s.u32(), s.u32()
	default:
		s.fail(fmt.Errorf("limits with flag %#x: shared and 64-bit memories and tables are not in ABI v1", flag))
		return 0, 0
	}
}

func (s *section) export() {
	e := Export{Name: s.name(), Kind: Kind(s.byte())}
	index := s.u32()
	if e.Kind == KindFunc {
		if uint64(index) >= uint64(len(s.functions)) {
			s.fail(fmt.Errorf("exported function %d is out of range", index))
			return
		}
		e.Type = s.types[s.functions[index]]
		e.Imported = int(index) < s.imported
	}
	s.Exports = append(s.Exports, e)
}

// body looks only at the locals of a function: 30 bytes can ask an engine for 2^32 of them.
func (s *section) body() {
	b := reader{rest: s.bytes(s.u32())}
	var sum uint64
	for n := b.count("groups of locals", MaxLocals); n > 0 && b.err == nil; n-- {
		sum += uint64(b.u32())
		b.byte()
	}
	if sum > MaxLocals {
		b.fail(fmt.Errorf("%d locals are more than %d", sum, MaxLocals))
	}
	if b.err != nil {
		s.fail(fmt.Errorf("function body: %w", b.err))
	}
}
