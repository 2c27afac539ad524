package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A field is one field of a protobuf message (https://protobuf.dev/programming-guides/encoding/).
type field struct {
	number int
	kind   int    // one of the wire types below
	value  uint64 // of varint, fixed64 and fixed32
	bytes  []byte // of delimited; part of the message, not a copy
}

const (
	varint    = 0
	fixed64   = 1
	delimited = 2
	fixed32   = 5
)

const maxFieldNumber = 1<<29 - 1

var errShort = errors.New("ends in the middle of a field")

// fields hands the fields of one message to each, in order, and allocates nothing: a length is held against the bytes that
// are there before anything is done with it. What is inside a field is for the caller to look at, so that nesting is as
// deep as the caller's code, and no deeper.
func fields(message []byte, each func(field) error) error {
	for rest := message; len(rest) > 0; {
		f, n, err := readField(rest)
		if err != nil {
			return fmt.Errorf("the message at byte %d: %w", len(message)-len(rest), err)
		}
		if err := each(f); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// readField reads the field at the start of b and returns how many bytes it has.
func readField(b []byte) (f field, n int, err error) {
	tag, n, err := readVarint(b)
	if err != nil {
		return f, 0, err
	}
	f.kind = int(tag & 7)
	if tag>>3 < 1 || tag>>3 > maxFieldNumber {
		return f, 0, fmt.Errorf("has the field number %d", tag>>3)
	}
	f.number = int(tag >> 3)
	size := 0
	switch f.kind {
	case varint:
		f.value, size, err = readVarint(b[n:])
		return f, n + size, err
	case fixed64:
		size = 8
	case fixed32:
		size = 4
	case delimited:
		length, used, err := readVarint(b[n:])
		if err != nil {
			return f, 0, err
		}
		n += used
		if length > uint64(len(b)-n) {
			return f, 0, errShort
		}
		f.bytes = b[n : n+int(length)]
		return f, n + int(length), nil
	default:
		return f, 0, fmt.Errorf("has the wire type %d", f.kind)
	}
	if size > len(b)-n {
		return f, 0, errShort
	}
	if size == 8 {
		f.value = binary.LittleEndian.Uint64(b[n:])
	} else {
		f.value = uint64(binary.LittleEndian.Uint32(b[n:]))
	}
	return f, n + size, nil
}

// readVarint reads at most ten bytes, and no number over 64 bits.
func readVarint(b []byte) (uint64, int, error) {
	v, n := binary.Uvarint(b)
	switch {
	case n == 0:
		return 0, 0, errShort
	case n < 0:
		return 0, 0, errors.New("has a number of more than 64 bits")
	}
	return v, n, nil
}

// integers appends the numbers of a repeated integer field, which writers pack or do not.
func integers(to []int64, f field, most int) ([]int64, error) {
	if f.kind == varint {
		to = append(to, int64(f.value))
	} else if f.kind != delimited {
		return nil, fmt.Errorf("field %d has the wire type %d", f.number, f.kind)
	}
	for rest := f.bytes; len(rest) > 0 && len(to) <= most; {
		v, n, err := readVarint(rest)
		if err != nil {
			return nil, err
		}
		to, rest = append(to, int64(v)), rest[n:]
	}
	if len(to) > most {
		return nil, fmt.Errorf("field %d has more than %d numbers", f.number, most)
	}
	return to, nil
}
