//go:build peers

package c_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A kernel of testdata/kernels, with the sizes that are worth a try and the arrays for them.
type kernel struct {
	name   string
	number uint32
	sizes  [][]uint32
	arrays func(r *rand.Rand, size []uint32) [][]byte // nil: no array
}

func kernels() []kernel {
	matrices := append(grid([]uint32{0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 13}, []uint32{0, 1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 47, 64, 100}), []uint32{64, 300})
	products := append(grid([]uint32{0, 1, 2, 3, 4, 5, 9}, []uint32{0, 1, 3, 4, 7, 8, 11, 17, 24}, []uint32{0, 1, 2, 3, 4, 5, 17, 32}), []uint32{33, 41, 67})
	lengths := grid([]uint32{0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33, 100})
	unary := func(limit float32) func(*rand.Rand, []uint32) [][]byte {
		return func(r *rand.Rand, s []uint32) [][]byte { return [][]byte{floats(r, s[0], 1), floats(r, s[0], limit)} }
	}
	return []kernel{
		{"dense f32", 0, matrices, func(r *rand.Rand, s []uint32) [][]byte {
			return [][]byte{floats(r, s[0], 1), floats(r, s[0]*s[1], 1), floats(r, s[1], 1), maybe(r, floats(r, s[0], 1))}
		}},
		{"dense i8", 1, matrices, func(r *rand.Rand, s []uint32) [][]byte {
			return [][]byte{floats(r, s[0], 1), weights(r, s[0]*s[1]), activations(r, s[1]), floats(r, s[0], 1e-3), maybe(r, floats(r, s[0], 1))}
		}},
		{"dot i8", 2, matrices, func(r *rand.Rand, s []uint32) [][]byte {
			return [][]byte{floats(r, s[0], 1), weights(r, s[0]*s[1]), activations(r, s[1])}
		}},
		{"quantise i7", 3, lengths, func(r *rand.Rand, s []uint32) [][]byte {
			return [][]byte{activations(r, s[0]), halves(r, s[0]), float(4)}
		}},
		{"gemm f32", 4, products, func(r *rand.Rand, s []uint32) [][]byte {
			return [][]byte{floats(r, s[0]*s[1], 1), floats(r, s[0]*s[2], 1), floats(r, s[2]*s[1], 1)}
		}},
		{"gemm i8", 5, products, func(r *rand.Rand, s []uint32) [][]byte {
			return [][]byte{floats(r, s[0]*s[1], 1), weights(r, s[0]*s[2]), activations(r, s[2]*s[1])}
		}},
		{"conv2d f32", 6, convolutions(), func(r *rand.Rand, s []uint32) [][]byte {
			out := places(s[0], s[4], s[6]) * places(s[1], s[5], s[7]) * s[3]
			return [][]byte{floats(r, out, 1), floats(r, s[0]*s[1]*s[2], 1), floats(r, s[4]*s[5]*s[2]*s[3], 1), maybe(r, floats(r, s[3], 1))}
		}},
		{"conv1d f32", 7, grid([]uint32{0, 1, 5, 12, 30}, []uint32{0, 1, 3}, []uint32{0, 1, 4, 6, 8, 13}, []uint32{1, 3, 4}, []uint32{1, 2, 3}), func(r *rand.Rand, s []uint32) [][]byte {
			return [][]byte{floats(r, places(s[0], s[3], s[4])*s[2], 1), floats(r, s[0]*s[1], 1), floats(r, s[3]*s[1]*s[2], 1), maybe(r, floats(r, s[2], 1))}
		}},
		{"relu f32", 8, lengths, unary(10)},
		{"exp f32", 9, lengths, unary(100)},
		{"sigmoid f32", 10, lengths, unary(100)},
		{"tanh f32", 11, lengths, unary(12)},
		{"softmax f32", 12, lengths, unary(20)},
		{"lstm f32", 13, grid([]uint32{0, 1, 4, 7, 128}, []uint32{0, 1, 2, 3, 4, 5, 8, 13, 32}), func(r *rand.Rand, s []uint32) [][]byte {
			inputs, cells := s[0], s[1]
			return [][]byte{floats(r, cells, 1), floats(r, cells, 2), floats(r, inputs, 1), floats(r, 4*cells*inputs, 1), floats(r, 4*cells*cells, 1), floats(r, 4*cells, 1), floats(r, 4*cells, 1)}
		}},
		{"outside f32", 14, lengths, func(r *rand.Rand, s []uint32) [][]byte { return [][]byte{float(0), nearlyInside(r, s[0])} }},
	}
}

// convolutions are height, width, in, out, kernel rows and columns, strides.
func convolutions() [][]uint32 {
	all := grid([]uint32{1, 5, 6}, []uint32{3, 7, 11}, []uint32{1, 2, 4}, []uint32{1, 4, 5, 8, 17}, []uint32{1, 3}, []uint32{2, 3}, []uint32{1, 2}, []uint32{1, 2})
	return append(all, []uint32{2, 2, 3, 8, 3, 3, 1, 1}, []uint32{0, 0, 1, 8, 1, 1, 1, 1}, []uint32{4, 4, 0, 8, 2, 2, 1, 1}, []uint32{4, 4, 2, 0, 2, 2, 1, 1}, []uint32{4, 4, 2, 9, 0, 0, 1, 1})
}

func places(size, kernel, stride uint32) uint32 {
	if size < kernel {
		return 0
	}
	return (size-kernel)/stride + 1
}

// grid returns every combination of one value of each list.
func grid(lists ...[]uint32) [][]uint32 {
	all := [][]uint32{nil}
	for _, list := range lists {
		var longer [][]uint32
		for _, head := range all {
			for _, v := range list {
				longer = append(longer, append(slices.Clone(head), v))
			}
		}
		all = longer
	}
	return all
}

func float(v float32) []byte { return binary.LittleEndian.AppendUint32([]byte{}, math.Float32bits(v)) }

// floats draws n values between -limit and limit; some are 0, -0 or tiny.
func floats(r *rand.Rand, n uint32, limit float32) []byte {
	out := []byte{}
	for range n {
		v := (2*r.Float32() - 1) * limit
		switch r.IntN(20) {
		case 0:
			v = 0
		case 1:
			v = float32(math.Copysign(0, -1))
		case 2:
			v *= 1e-30
		}
		out = append(out, float(v)...)
	}
	return out
}

// halves draws values that, four times, lie between two numbers, or outside of 0 to 127.
func halves(r *rand.Rand, n uint32) []byte {
	out := []byte{}
	for range n {
		v := float32(r.IntN(300)-20) / 8
		switch r.IntN(20) {
		case 0:
			v = float32(math.NaN())
		case 1:
			v = float32(math.Inf(r.IntN(2)*2 - 1))
		}
		out = append(out, float(v)...)
	}
	return out
}

// weights are anything, often the extremes; now and then nothing else.
func weights(r *rand.Rand, n uint32) []byte {
	out, extreme := make([]byte, n), r.IntN(4) == 0
	for i := range out {
		out[i] = byte(r.Uint32())
		if extreme || r.IntN(8) == 0 {
			out[i] = 0x80
		}
	}
	return out
}

// activations are 0 to 127, often 127; now and then nothing else.
func activations(r *rand.Rand, n uint32) []byte {
	out, extreme := make([]byte, n), r.IntN(4) == 0
	for i := range out {
		out[i] = byte(r.IntN(128))
		if extreme || r.IntN(8) == 0 {
			out[i] = 127
		}
	}
	return out
}

func maybe(r *rand.Rand, b []byte) []byte {
	if r.IntN(3) == 0 {
		return nil
	}
	return b
}

// nearlyInside draws values from 0 to 1, and often one other.
func nearlyInside(r *rand.Rand, n uint32) []byte {
	out := []byte{}
	for range n {
		out = append(out, float(r.Float32())...)
	}
	bad := []float32{-1, 1.0000001, float32(math.NaN()), float32(math.Inf(1)), float32(math.Copysign(0, -1)), 1}
	if n > 0 {
		copy(out[4*r.IntN(int(n)):], float(bad[r.IntN(len(bad))]))
	}
	return out
}

const none = 0xffffffff

// request says what guest.c reads. last is the array at the end of the memory.
func request(k kernel, size []uint32, misplacement uint32, last int, arrays [][]byte) []byte {
	words := append([]uint32{k.number}, size...)
	words = append(words, make([]uint32, 8-len(size))...)
	words = append(words, misplacement, uint32(last))
	for i := range 7 {
		switch {
		case i >= len(arrays) || arrays[i] == nil:
			words = append(words, none)
		default:
			words = append(words, uint32(len(arrays[i])))
		}
	}
	var out []byte
	for _, w := range words {
		out = binary.LittleEndian.AppendUint32(out, w)
	}
	return append(out, bytes.Join(arrays, nil)...)
}

// Every variant on every backend gives the bits of the reference, which gcc made, for every size, every alignment and with each of the
// arrays at the end of the memory.
func TestPeerKernels(t *testing.T) {
	reference := startNative(t)
	for _, v := range variants(t, "testdata/kernels/guest.c") {
		t.Run(v.name, func(t *testing.T) {
			p := v.plugin(t)
			for _, k := range kernels() {
				t.Run(k.name, func(t *testing.T) { compare(t, p.Model, reference, k) })
			}
		})
	}
}

func compare(t *testing.T, run func([]byte) ([]byte, error), reference *native, k kernel) {
	r := rand.New(rand.NewPCG(uint64(k.number), 1))
	for _, size := range k.sizes {
		arrays := k.arrays(r, size)
		misplacement := uint32(r.IntN(4)) * 4
		last := r.IntN(len(arrays)+1) - 1
		if last >= 0 && arrays[last] == nil {
			last = -1
		}
		q := request(k, size, misplacement, last, arrays)
		got, err := run(q)
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		if want := reference.run(t, q); !bytes.Equal(got, want) {
			t.Fatalf("size %d, misplaced %d, array %d last: %s", size, misplacement, last, difference(got, want))
		}
	}
}

func difference(got, want []byte) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d bytes, not %d", len(got), len(want))
	}
	for i := 0; i+4 <= len(got); i += 4 {
		a, b := binary.LittleEndian.Uint32(got[i:]), binary.LittleEndian.Uint32(want[i:])
		if a != b {
			return fmt.Sprintf("word %d is %#x (%g), not %#x (%g)", i/4, a, math.Float32frombits(a), b, math.Float32frombits(b))
		}
	}
	return "the last bytes differ"
}
