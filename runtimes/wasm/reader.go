package wasm

import (
	"errors"
	"fmt"
)

var errShort = errors.New("unexpected end")

// A reader walks bytes that it does not trust. The first error sticks and empties it, so that loops end.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail(errShort)
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.rest)) {
		r.fail(errShort)
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// u32 reads an unsigned LEB128 number of at most five bytes; linkers pad theirs, so it need not be the shortest form.
func (r *reader) u32() uint32 {
	var n uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		n |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			if n > 0xffffffff {
				break
			}
			return uint32(n)
		}
	}
	r.fail(errors.New("number does not fit in 32 bits"))
	return 0
}

// count reads the length of a vector. An entry takes at least one byte, so a count beyond the bytes left is a lie, told
// to make someone allocate.
func (r *reader) count(what string, most uint32) uint32 {
	n := r.u32()
	if n > most || uint64(n) > uint64(len(r.rest)) {
		r.fail(fmt.Errorf("%d %s are too many", n, what))
		return 0
	}
	return n
}

func (r *reader) name() string { return string(r.bytes(r.u32())) }

// end fails unless everything has been read.
func (r *reader) end() {
	if len(r.rest) > 0 {
		r.fail(fmt.Errorf("%d bytes too many", len(r.rest)))
	}
}
