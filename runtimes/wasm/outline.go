// Package wasm reads the outline of a module: what it asks for and what it offers.
//
// It reads before any engine does, so everything in the file is hostile: no allocation grows from a number that the file
// states, and what would make an engine allocate without bound (counts, locals) is refused. It does not validate
// function bodies; the engine does.
package wasm

import (
	"bytes"
	"errors"
	"fmt"
)

// Limits of a module file. Stock Go guests of several MiB stay well below all of them.
const (
	MaxSize      = 16 << 20 // bytes of the file
	MaxFunctions = 1_000_000
	MaxTypes     = 100_000
	MaxValues    = 1_000 // parameters or results of one type
	MaxLocals    = 50_000
	MaxEntries   = 100_000 // imports, exports, tables, globals, element or data segments, each
	PageLimit    = 1 << 16
)

// An Outline is what Read found.
type Outline struct {
	Imports  []Import
	Exports  []Export
	Memories []Memory // defined here, not imported
	Start    bool     // there is a start section

	types     []FuncType
	functions []uint32 // type indices; imported functions first
	imported  int      // how many of them are imported
}

// Read walks the sections of a core module, version 1. It keeps nothing of b.
func Read(b []byte) (*Outline, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%d bytes are more than %d", len(b), MaxSize)
	}
	if !bytes.HasPrefix(b, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, errors.New("not a core WebAssembly module, version 1")
	}
	o, r, last := &Outline{}, &reader{rest: b[8:]}, 0
	for len(r.rest) > 0 {
		id := r.byte()
		s := section{Outline: o, reader: reader{rest: r.bytes(r.u32())}}
		if r.err != nil {
			return nil, fmt.Errorf("reading section %d: %w", id, r.err)
		}
		if id == 0 {
			continue
		}
		if last = order(id, last); last == 0 {
			return nil, fmt.Errorf("section %d is unknown, repeated or out of order", id)
		}
		if s.read(id); s.err != nil {
			return nil, fmt.Errorf("reading section %d: %w", id, s.err)
		}
	}
	return o, nil
}

// order returns the place of section id, or 0 if it may not come after the place last.
func order(id byte, last int) int {
	place := bytes.IndexByte([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11}, id)
	if place <= last {
		return 0
	}
	return place
}
