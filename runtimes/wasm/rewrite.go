package wasm

import "encoding/binary"

// section returns the new content of a section that holds no code, nothing if there is none.
func (m *meter) section(id byte) []byte {
	w := m.rewriter(id)
	switch id {
	case sectionType:
		w.grow(len(m.types))
		for _, t := range m.types {
			w.out = append(w.out, t...)
		}
	case sectionImport:
		w.grow(1)
		w.out = appendName(appendName(w.out, YieldModule), YieldName)
		w.out = binary.AppendUvarint(append(w.out, byte(KindFunc)), uint64(m.typeIndex(yieldType())))
	case sectionFunction:
		w.functions(m)
	case sectionTable:
		w.tables(m)
	case sectionMemory:
		w.memories(m)
	case sectionGlobal:
		w.globals(m)
	case sectionExport:
		w.exports(m)
	case sectionStart:
		if w.found {
			w.function(m)
		}
	case sectionElement:
		w.elements(m)
	default:
		w.out = append(w.out, w.file[w.at:w.end]...)
	}
	if w.err != nil {
		m.err = w.err
	}
	return w.out
}

// A rewriter copies a section, changing some of it.
type rewriter struct {
	section
	out   []byte
	from  int // what is before it has been copied
	found bool
}

func (m *meter) rewriter(id byte) *rewriter {
	w := &rewriter{section: section{Outline: m.Outline}}
	for _, s := range m.sections {
		if s.id == id {
			w.found = true
			w.reader = reader{file: m.file, at: s.at, end: s.at + s.size}
		}
	}
	w.from = w.at
	return w
}

// keep copies what has been read.
func (w *rewriter) keep() {
	w.out = append(w.out, w.file[w.from:w.at]...)
	w.from = w.at
}

// entries writes the count of a vector with more entries and returns the old count.
func (w *rewriter) entries(more int) (n uint32) {
	if w.found {
		n = w.u32()
		w.from = w.at
	}
	if int(n)+more > 0 {
		w.out = binary.AppendUvarint(w.out, uint64(n)+uint64(more))
	}
	return n
}

// grow copies a vector whole, with a count for more entries.
func (w *rewriter) grow(more int) {
	w.entries(more)
	w.at = w.end
	w.keep()
}

// function reads the index of a function and writes the new one.
func (w *rewriter) function(m *meter) {
	w.keep()
	index := w.u32()
	w.from = w.at
	w.out = binary.AppendUvarint(w.out, uint64(m.moved(index)))
}

// constant copies a constant expression.
func (w *rewriter) constant(m *meter) {
	if w.more() && w.file[w.at] == opRefFunc {
		w.byte()
		w.function(m)
		w.byte() // end
		return
	}
	w.section.constant()
}

func (w *rewriter) functions(m *meter) {
	w.grow(len(m.helpers))
	for _, t := range helperTypes() {
		w.out = binary.AppendUvarint(w.out, uint64(m.typeIndex(t)))
	}
}

func (w *rewriter) tables(m *meter) {
	defined := m.Outline.tables[m.imported.tables:]
	w.entries(0)
	for _, t := range defined {
		w.out = append(w.out, byte(t.element), 1)
		w.out = binary.AppendUvarint(w.out, uint64(t.low))
		w.out = binary.AppendUvarint(w.out, uint64(t.high))
	}
}

func (w *rewriter) memories(m *meter) {
	if mem, ok := m.memory(); ok {
		w.out = append(w.out, 1, 1)
		w.out = binary.AppendUvarint(w.out, uint64(mem.Min))
		w.out = binary.AppendUvarint(w.out, uint64(mem.Max))
	}
}

func (w *rewriter) globals(m *meter) {
	for n := w.entries(2 + len(m.asides)); n > 0 && w.err == nil; n-- {
		w.globalType()
		w.constant(m)
	}
	w.keep()
	w.out = append(w.out, byte(I64), 1, opI64Const, 0, opEnd, byte(I32), 1, opI32Const, 0, opEnd)
	for _, p := range m.asides {
		w.out = append(append(append(w.out, byte(p.value), 1), p.zero...), opEnd)
	}
}

func (w *rewriter) exports(m *meter) {
	for n := w.entries(2 + len(m.names)); n > 0 && w.err == nil; n-- {
		w.name()
		if Kind(w.byte()) == KindFunc {
			w.function(m)
		} else {
			w.u32()
		}
	}
	w.keep()
	w.export(ExportFuel, m.fuel)
	w.export(ExportStack, m.stack)
	index := 0
	for i, g := range m.Outline.globals {
		if i >= m.imported.globals && g.mutable && g.value.number() {
			w.export(m.names[index], uint32(i))
			index++
		}
	}
}

func (w *rewriter) export(name string, global uint32) {
	w.out = append(appendName(w.out, name), byte(KindGlobal))
	w.out = binary.AppendUvarint(w.out, uint64(global))
}

func (w *rewriter) elements(m *meter) {
	if !w.found {
		return
	}
	for n := w.entries(0); n > 0 && w.err == nil; n-- {
		w.elementSegment(m)
	}
	w.keep()
}

// elementSegment copies what section.element reads.
func (w *rewriter) elementSegment(m *meter) {
	flag := w.u32()
	if flag&1 == 0 {
		if flag&2 != 0 {
			w.u32()
		}
		w.constant(m)
	}
	if flag&3 != 0 {
		w.byte()
	}
	for n := w.u32(); n > 0 && w.err == nil; n-- {
		if flag&4 != 0 {
			w.constant(m)
		} else {
			w.function(m)
		}
	}
}

func appendName(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
