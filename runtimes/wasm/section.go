package wasm

import (
	"errors"
	"fmt"
)

// A section reads one section into the outline.
type section struct {
	*Outline
	reader
}

const (
	sectionType = 1 + iota
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount
)

func (s *section) read(id byte) {
	switch id {
	case sectionType:
		s.each("types", MaxTypes, s.funcType)
	case sectionImport:
		s.each("imports", MaxEntries, s.importEntry)
	case sectionFunction:
		s.each("functions", MaxFunctions, s.function)
	case sectionTable:
		s.each("tables", MaxTables, s.table)
	case sectionMemory:
		s.each("memories", MaxEntries, func() { s.Memories = append(s.Memories, s.memory()) })
	case sectionGlobal:
		s.each("globals", MaxEntries, s.global)
	case sectionExport:
		s.each("exports", MaxEntries, s.export)
	case sectionStart:
		s.Start = true
		s.below(len(s.functions), "function")
	case sectionElement:
		s.each("element segments", MaxSegments, s.element)
	case sectionCode:
		s.each("function bodies", MaxFunctions, s.body)
	case sectionData:
		s.each("data segments", MaxSegments, s.data)
	case sectionDataCount:
		s.dataCount = int(s.u32())
	}
	s.done()
}

func (s *section) each(what string, most uint32, entry func()) {
	for n := s.count(what, most); n > 0 && s.err == nil; n-- {
		entry()
	}
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
		types[i] = s.valueType()
	}
	return types
}

func (r *reader) valueType() ValueType {
	t := ValueType(r.byte())
	if r.err == nil && t.String() == "invalid" {
		r.fail(fmt.Errorf("value type %#x is not in ABI v1", byte(t)))
	}
	return t
}

func (r *reader) refType() ValueType {
	t := r.valueType()
	if r.err == nil && t != Funcref && t != Externref {
		r.fail(fmt.Errorf("%s is no reference type", t))
	}
	return t
}

func (s *section) importEntry() {
	i := Import{Module: s.name(), Name: s.name(), Kind: Kind(s.byte())}
	switch i.Kind {
	case KindFunc:
		s.function()
		s.imported.functions++
		if s.err == nil {
			i.Type = s.types[s.functions[len(s.functions)-1]]
		}
	case KindTable:
		s.table()
		s.imported.tables++
	case KindMemory:
		s.memory()
		s.imported.memories++
	case KindGlobal:
		s.globals = append(s.globals, s.globalType())
		s.imported.globals++
	default:
		s.fail(fmt.Errorf("import of unknown kind %d", i.Kind))
	}
	s.Imports = append(s.Imports, i)
}

func (s *section) function() {
	s.functions = append(s.functions, s.below(len(s.types), "type"))
}

func (s *section) table() {
	element := s.refType()
	low, high := s.limits()
	switch {
	case low > high:
		s.fail(fmt.Errorf("table of %d to %d elements", low, high))
	case low > MaxElements:
		s.tooMany(uint64(low), "elements of a table", MaxElements)
	}
	s.tables = append(s.tables, tableType{element, low, min(high, MaxElements)})
}

func (s *section) memory() Memory {
	low, high := s.limits()
	if high == 1<<32-1 {
		high = PageLimit
	}
	if low > high || high > PageLimit {
		s.fail(fmt.Errorf("memory of %d to %d pages", low, high))
	}
	return Memory{Min: low, Max: high}
}

// limits reads a size and the most that it may become, 2^32-1 where the file gives none.
func (s *section) limits() (low, high uint32) {
	switch flag := s.byte(); flag {
	case 0:
		return s.u32(), 1<<32 - 1
	case 1:
		return s.u32(), s.u32()
	default:
		s.fail(fmt.Errorf("limits with flag %#x: shared and 64-bit memories and tables are not in ABI v1", flag))
		return 0, 0
	}
}

func (s *section) globalType() globalType {
	g := globalType{value: s.valueType()}
	switch s.byte() {
	case 0:
	case 1:
		g.mutable = true
	default:
		s.fail(errors.New("mutability of a global is neither 0 nor 1"))
	}
	return g
}

func (s *section) global() {
	g := s.globalType()
	s.constant()
	s.globals = append(s.globals, g)
	if g.mutable && !g.value.number() {
		s.unfit = true
	}
}

func (s *section) export() {
	e := Export{Name: s.name(), Kind: Kind(s.byte())}
	switch e.Kind {
	case KindFunc:
		index := s.below(len(s.functions), "function")
		if s.err == nil {
			e.Type = s.typeOf(index)
			e.Imported = int(index) < s.imported.functions
		}
	case KindTable:
		s.below(len(s.tables), "table")
	case KindMemory:
		s.below(s.imported.memories+len(s.Memories), "memory")
	case KindGlobal:
		s.below(len(s.globals), "global")
	default:
		s.fail(fmt.Errorf("export of unknown kind %d", e.Kind))
	}
	s.Exports = append(s.Exports, e)
}
