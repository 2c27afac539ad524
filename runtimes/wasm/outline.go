// Package wasm reads modules and meters them.
//
// Read comes before any engine does, so everything in the file is hostile: no allocation grows from a number that the file
// states, and what would make an engine allocate or compute without bound is refused, as is every feature outside ABI v1.
// It decodes every byte and checks every index; types are left to an engine, which MUST validate the untouched original
// before Meter changes it: a module that is invalid alone may be valid after (a global.set of a global that Meter adds).
package wasm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// An Outline is what Read found.
type Outline struct {
	Imports  []Import
	Exports  []Export
	Memories []Memory // defined here, not imported
	Start    bool     // there is a start section

	types     []FuncType
	functions []uint32 // type indices; imported functions first
	tables    []tableType
	globals   []globalType
	imported  struct{ functions, tables, memories, globals int }
	elements  int // segments
	datas     int // segments
	dataCount int // as the data count section says, -1 without one
	bodies    []body
	sections  []span
	unfit     bool // code changes state that no one can restore
	sums      sums
	allowed   Features
	head      bool // bodies were not read
}

// sums are over all functions, and over all element segments.
type sums struct{ locals, phis, loopPhis, targets, bulk, multi, elements uint64 }

// A span is a section: its content without its frame.
type span struct {
	id       byte
	at, size int
}

type tableType struct {
	element   ValueType
	low, high uint32 // high is MaxElements where the module gives more or none
}

type globalType struct {
	value   ValueType
	mutable bool
}

const header = "\x00asm\x01\x00\x00\x00"

// Features are what a module may use beyond ABI v1.
type Features struct{ RelaxedSIMD bool }

// Read decodes a core module, version 1, that uses ABI v1 alone. It keeps nothing of b. Errors name the section and the
// offset in the file; those that wrap ErrLimit also name the limit.
func Read(b []byte) (*Outline, error) { return Features{}.Read(b) }

// Read is Read for a module that may use more.
func (f Features) Read(b []byte) (*Outline, error) { return read(b, f, false) }

// ReadHead is Read without the code: bodies are passed over unread, which takes most of Read's time. It tells what a module
// asks for and offers. What it accepts MUST NOT go to an engine unless Read has accepted the same bytes before.
func ReadHead(b []byte) (*Outline, error) { return read(b, Features{}, true) }

func read(b []byte, more Features, head bool) (*Outline, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrLimit, len(b), MaxSize)
	}
	if !bytes.HasPrefix(b, []byte(header)) {
		return nil, errors.New("not a core WebAssembly module, version 1")
	}
	o, r, last := &Outline{dataCount: -1, allowed: more, head: head}, &reader{file: b, at: len(header), end: len(b)}, 0
	for r.more() {
		id := r.byte()
		s := section{Outline: o, reader: r.part(r.u32())}
		if r.err != nil {
			return nil, fmt.Errorf("section %s, %w", sectionName(id), r.err)
		}
		if id == 0 {
			if s.name(); s.err != nil {
				return nil, fmt.Errorf("section custom, %w", s.err)
			}
			continue
		}
		if last = order(id, last); last == 0 {
			return nil, fmt.Errorf("section %s is unknown, repeated or out of order", sectionName(id))
		}
		o.sections = append(o.sections, span{id, s.at, s.end - s.at})
		if head && id == sectionCode {
			continue
		}
		if s.read(id); s.err != nil {
			return nil, fmt.Errorf("section %s, %w", sectionName(id), s.err)
		}
	}
	if err := o.whole(); err != nil {
		return nil, err
	}
	return o, nil
}

// whole checks what only the end of the file tells.
func (o *Outline) whole() error {
	switch defined := len(o.functions) - o.imported.functions; {
	case defined != len(o.bodies) && !o.head:
		return fmt.Errorf("%d functions have %d bodies", defined, len(o.bodies))
	case o.dataCount >= 0 && o.dataCount != o.datas:
		return fmt.Errorf("%d data segments are announced, there are %d", o.dataCount, o.datas)
	}
	return nil
}

// order returns the place of section id, or 0 if it may not come after the place last.
func order(id byte, last int) int {
	place := bytes.IndexByte([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11}, id)
	if place <= last {
		return 0
	}
	return place
}

func sectionName(id byte) string {
	names := [...]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count"}
	if int(id) < len(names) {
		return names[id]
	}
	return fmt.Sprint(id)
}

// Bare returns a module that Read has accepted, without its custom sections. They mean nothing (core spec 2.5), but an
// engine may choke on one.
func Bare(module []byte, o *Outline) []byte {
	out := append(make([]byte, 0, len(module)), header...)
	for _, s := range o.sections {
		out = append(out, s.id)
		out = binary.AppendUvarint(out, uint64(s.size))
		out = append(out, module[s.at:s.at+s.size]...)
	}
	return out
}

// typeOf is the type of the function of an index.
func (o *Outline) typeOf(function uint32) FuncType { return o.types[o.functions[function]] }
