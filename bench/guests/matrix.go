package guests

import (
	"encoding/binary"
	"math"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// Side is that of the square matrices, of f32 in rows: C = A·B.
const Side = 64

// Where the matrices lie.
const (
	row     = 4 * Side
	a       = page
	b       = a + Side*row
	product = b + Side*row
)

// Locals of both kernels, behind pointer and length: counters and addresses.
const (
	i, j, k, pa, pb = 2, 3, 4, 5, 6
	firstFloat      = 7
)

// Scalar multiplies one element at a time, as a compiler without vectors has it. It answers the first row.
func Scalar() []byte {
	const sum = firstFloat
	load := func(address, offset uint32) []byte { return join(w.Get(address), []byte{0x2a, 2}, leb(offset)) }
	inner := w.Loop(
		w.Get(sum), load(pa, 0), load(pb, 0), w.Do(f32mul), w.Do(f32add), w.Set(sum),
		add(pa, 4), add(pb, row), w.Get(k), w.I32(minusOne), w.Do(w.Add32), w.Tee(k), w.BrIf(0))
	code := matrix(1, 1,
		[]byte{0x43, 0, 0, 0, 0}, w.Set(sum), inner, target(), w.Get(sum), []byte{0x38, 2}, leb(0))
	return matrices(join([]byte{2, 5, byte(wasm.I32), 1, byte(wasm.F32)}, code))
}

// Vector multiplies four rows by eight columns at a time in vectors of four, as a hand would write it. It answers the
// first row.
func Vector() []byte {
	const rows, columns, left, scale = 4, 2, firstFloat, firstFloat + 2
	sum := func(r, c int) uint32 { return uint32(scale + 1 + r*columns + c) }
	var zero, round, end []byte
	for c := range columns {
		round = join(round, w.Get(pb), vector(0x00), []byte{4}, leb(uint32(16*c)), w.Set(uint32(left+c)))
	}
	for r := range rows {
		round = join(round, w.Get(pa), vector(0x09), []byte{2}, leb(uint32(r*row)), w.Set(scale)) // v128.load32_splat
		for c := range columns {
			zero = join(zero, vector(0x0c), make([]byte, 16), w.Set(sum(r, c)))
			round = join(round, w.Get(sum(r, c)), w.Get(scale), w.Get(uint32(left+c)), vector(0xe6), vector(0xe4), w.Set(sum(r, c)))
			end = join(end, target(), w.Get(sum(r, c)), vector(0x0b), []byte{4}, leb(uint32(r*row+16*c)))
		}
	}
	inner := w.Loop(round, add(pa, 4), add(pb, row), w.Get(k), w.I32(minusOne), w.Do(w.Add32), w.Tee(k), w.BrIf(0))
	code := matrix(rows, columns*4, zero, inner, end)
	return matrices(join([]byte{2, 5, byte(wasm.I32), 3 + rows*columns, byte(wasm.V128)}, code))
}

// matrix goes over C in steps, and has pa, pb and k ready for body at each.
func matrix(rows, columns uint32, body ...[]byte) []byte {
	ready := join(
		w.Get(i), w.I32(row), multiply(), w.I32(a), w.Do(w.Add32), w.Set(pa),
		w.Get(j), w.I32(4), multiply(), w.I32(b), w.Do(w.Add32), w.Set(pb), w.I32(Side), w.Set(k))
	again := func(local, step uint32) []byte {
		return join(add(local, step), w.Get(local), w.I32(Side), w.Do(less), w.BrIf(0))
	}
	return w.Loop(w.I32(0), w.Set(j), w.Loop(ready, join(body...), again(j, columns)), again(i, rows))
}

// target is the address of C at i, j.
func target() []byte {
	return join(w.Get(i), w.I32(row), multiply(), w.Get(j), w.I32(4), multiply(), w.Do(w.Add32), w.I32(product), w.Do(w.Add32))
}

func multiply() []byte { return []byte{0x6c} }

func add(local, n uint32) []byte { return join(w.Get(local), w.I32(n), w.Do(w.Add32), w.Set(local)) }

// vector is an instruction behind the prefix of vectors.
func vector(op uint32) []byte { return join([]byte{0xfd}, leb(op)) }

func leb(n uint32) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// matrices makes a plugin of a handler's body, with its locals and without its end.
func matrices(body []byte) []byte {
	m := &w.Module{}
	left, right := Matrices()
	m.Data(a, floats(left))
	m.Data(b, floats(right))
	return finish(m, 2, m.RawFunc(wasm.Signature("ii", "I"), join(body, answer(product, row), []byte{0x0b})))
}

// Matrices are A and B.
func Matrices() (a, b []float32) {
	for n := range Side * Side {
		a, b = append(a, float32(n%7)-3), append(b, float32(n%11)/4)
	}
	return a, b
}

func floats(x []float32) []byte {
	var out []byte
	for _, f := range x {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(f))
	}
	return out
}
