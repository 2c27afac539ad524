package wasm

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Limits of tables, which lie outside the memory that an operator allows. Stock Go guests have one of some thousand
// elements.
const (
	MaxTables   = 16
	MaxElements = 100_000 // of one table, 8 bytes each
)

// ErrTables refuses a module that starts with more tables or elements than it may ever have.
var ErrTables = errors.New("too many tables or elements")

// BoundTables gives every table of a module that Read has accepted a maximum of MaxElements: without one, a single
// table.grow takes all the memory of the host. Nothing else changes, and no module becomes valid by it that was not.
func BoundTables(module []byte) ([]byte, error) {
	r, out := &reader{rest: module[8:]}, module[:8:8]
	for len(r.rest) > 0 && r.err == nil {
		id, s := r.byte(), &section{reader: reader{rest: r.bytes(r.u32())}}
		body := s.rest
		if id == 4 {
			body = s.tables()
		}
		if err := errors.Join(r.err, s.err); err != nil {
			return nil, fmt.Errorf("reading section %d: %w", id, err)
		}
		out = append(out, id)
		out = binary.AppendUvarint(out, uint64(len(body)))
		out = append(out, body...)
	}
	return out, nil
}

// tables reads a table section and returns it with lower maxima.
func (s *section) tables() []byte {
	n := s.count("tables", MaxEntries)
	if n > MaxTables {
		s.fail(fmt.Errorf("%w: %d tables, at most %d", ErrTables, n, MaxTables))
	}
	out := binary.AppendUvarint(nil, uint64(n))
	for ; n > 0 && s.err == nil; n-- {
		out = s.table(out)
	}
	s.end()
	return out
}

// table appends a table with its maximum, which stays wrong where it is below the minimum.
func (s *section) table(dst []byte) []byte {
	element, flag := s.byte(), s.byte()
	low, high := s.u32(), uint32(MaxElements)
	if flag == 1 {
		high = min(high, s.u32())
	}
	switch t := ValueType(element); {
	case t != Funcref && t != Externref || flag > 1:
		s.fail(fmt.Errorf("table of elements %#x, with flag %#x", element, flag))
	case low > MaxElements:
		s.fail(fmt.Errorf("%w: %d elements, at most %d", ErrTables, low, MaxElements))
	}
	dst = append(dst, element, 1)
	dst = binary.AppendUvarint(dst, uint64(low))
	return binary.AppendUvarint(dst, uint64(high))
}
