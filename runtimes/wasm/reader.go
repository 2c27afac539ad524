package wasm

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrLimit marks a module that is larger, in some way, than a host takes.
var ErrLimit = errors.New("over a structural limit")

var errShort = errors.New("unexpected end")

// A reader walks a part of a file that it does not trust. The first error sticks, with its offset in the file, and empties
// the reader, so that loops end.
type reader struct {
	file    []byte
	at, end int
	err     error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("offset %#x: %w", r.at, err)
	}
	r.end = r.at
}

// tooMany fails for a count over a limit.
func (r *reader) tooMany(n uint64, what string, most uint64) {
	r.fail(fmt.Errorf("%w: %d %s, at most %d", ErrLimit, n, what, most))
}

func (r *reader) more() bool { return r.at < r.end }

func (r *reader) byte() byte {
	if r.at >= r.end {
		r.fail(errShort)
		return 0
	}
	r.at++
	return r.file[r.at-1]
}

func (r *reader) skip(n uint32) {
	if uint64(n) > uint64(r.end-r.at) {
		r.fail(errShort)
		return
	}
	r.at += int(n)
}

// part returns a reader of the next n bytes and steps over them.
func (r *reader) part(n uint32) reader {
	from := r.at
	r.skip(n)
	return reader{file: r.file, at: from, end: r.at, err: r.err}
}

// u32 reads an unsigned LEB128 number of at most five bytes; linkers pad theirs, so it need not be the shortest form.
func (r *reader) u32() uint32 {
	if r.at < r.end && r.file[r.at] < 0x80 { // nearly always
		r.at++
		return uint32(r.file[r.at-1])
	}
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

// signed reads a signed LEB128 number of 32 or 64 bits. The unused bits of its last byte repeat the sign (core spec 5.2.2).
func (r *reader) signed(bits int) int64 {
	var n int64
	for shift := 0; shift < bits; shift += 7 {
		b := r.byte()
		n |= int64(b&0x7f) << shift
		if b&0x80 != 0 {
			continue
		}
		if left := bits - shift; left >= 7 {
			return n << max(64-shift-7, 0) >> max(64-shift-7, 0)
		} else if unused := int8(b<<1) >> left; unused == 0 || unused == -1 { // sign and what is above it are all alike
			return n << (64 - bits) >> (64 - bits)
		}
		break
	}
	r.fail(fmt.Errorf("number does not fit in %d bits", bits))
	return 0
}

// count reads the length of a vector. An entry takes at least one byte, so a count beyond the bytes left is a lie, told
// to make someone allocate.
func (r *reader) count(what string, most uint32) uint32 {
	n := r.u32()
	switch {
	case n > most:
		r.tooMany(uint64(n), what, uint64(most))
	case uint64(n) > uint64(r.end-r.at):
		r.fail(fmt.Errorf("%d %s are more than there are bytes", n, what))
	default:
		return n
	}
	return 0
}

// below reads an index and holds it against the size of its index space.
func (r *reader) below(size int, what string) uint32 {
	i := r.u32()
	if r.err == nil && uint64(i) >= uint64(size) {
		r.fail(fmt.Errorf("%s %d is out of range, there are %d", what, i, size))
		return 0
	}
	return i
}

func (r *reader) name() string {
	n := r.u32()
	if n > MaxName {
		r.tooMany(uint64(n), "bytes of a name", MaxName)
		return ""
	}
	p := r.part(n)
	name := string(p.file[p.at:p.end])
	if !utf8.ValidString(name) {
		r.fail(errors.New("a name is not UTF-8"))
		return ""
	}
	return name
}

// done fails unless everything has been read.
func (r *reader) done() {
	if n := r.end - r.at; n > 0 {
		r.fail(fmt.Errorf("%d bytes too many", n))
	}
}
