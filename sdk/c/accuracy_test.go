//go:build peers

package c_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// The errors that nn.h states are those of the reference, and so of every variant.
func TestPeerAccuracy(t *testing.T) {
	reference := startNative(t)
	apply := func(number uint32, x []float32) []float32 {
		in := []byte{}
		for _, v := range x {
			in = append(in, float(v)...)
		}
		q := request(kernel{number: number}, []uint32{uint32(len(x))}, 0, -1, [][]byte{make([]byte, len(in)), in})
		answer, out := reference.run(t, q), make([]float32, len(x))
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(answer[4*i:]))
		}
		return out
	}
	for _, c := range []struct {
		name      string
		number    uint32
		low, high float64
		bits      float64 // the relative error is at most 2^-bits
		exact     func(float64) float64
	}{
		{"exp", 9, -87.3, 88.3, 22, math.Exp},
		{"sigmoid", 10, -87, 88, 22, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
		{"sigmoid near 0", 10, -1, 1, 22, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
		{"tanh", 11, -12, 12, 21, math.Tanh},
		{"tanh near 0", 11, -0.7, 0.7, 21, math.Tanh},
		{"tanh very near 0", 11, -1e-4, 1e-4, 21, math.Tanh},
	} {
		var x []float32
		for i := range 60_000 {
			x = append(x, float32(c.low+(c.high-c.low)*float64(i)/59_999))
		}
		worst, at := 0.0, float32(0)
		for i, got := range apply(c.number, x) {
			want := c.exact(float64(x[i]))
			if e := math.Abs(float64(got)-want) / math.Max(math.Abs(want), 1e-300); e > worst {
				worst, at = e, x[i]
			}
		}
		t.Logf("%s: relative error at most 2^%.1f, at %g", c.name, math.Log2(worst), at)
		if !(worst <= math.Exp2(-c.bits)) {
			t.Errorf("%s: relative error 2^%.1f at %g, want at most 2^-%v", c.name, math.Log2(worst), at, c.bits)
		}
	}
	special := []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1e30, -1e30}
	for number, want := range map[uint32][]float64{
		8:  {0, 0, math.Inf(1), 0, math.NaN(), 1e30, 0},
		10: {0.5, 0.5, 1, 0, math.NaN(), 1, 0},
		11: {0, 0, 1, -1, math.NaN(), 1, -1},
	} {
		for i, got := range apply(number, special) {
			if !(math.Abs(float64(got)-want[i]) < 1e-37 || float64(got) == want[i] || math.IsNaN(want[i]) && got != got || want[i] == 1e30 && got == 1e30) {
				t.Errorf("kernel %d of %g: got %g, want %g", number, special[i], got, want[i])
			}
		}
	}
}

func TestPeerSoftmax(t *testing.T) {
	reference, r := startNative(t), rand.New(rand.NewPCG(1, 1))
	relative, absolute := 0.0, 0.0
	for _, n := range []int{1, 2, 10, 100, 1000} {
		for range 50 {
			in, x, sum := []byte{}, make([]float64, n), 0.0
			for i := range x {
				v := float32(r.NormFloat64() * 8)
				in, x[i] = append(in, float(v)...), float64(v)
				sum += math.Exp(float64(v))
			}
			answer := reference.run(t, request(kernel{number: 12}, []uint32{uint32(n)}, 0, -1, [][]byte{make([]byte, len(in)), in}))
			for i := range x {
				got := float64(math.Float32frombits(binary.LittleEndian.Uint32(answer[4*i:])))
				want := math.Exp(x[i]) / sum
				relative = max(relative, math.Abs(got-want)/want)
				absolute = max(absolute, math.Abs(got-want))
			}
		}
	}
	t.Logf("error at most 2^%.1f, relative at most 2^%.1f", math.Log2(absolute), math.Log2(relative))
	if absolute > math.Exp2(-19) || relative > math.Exp2(-17) {
		t.Errorf("error 2^%.1f, relative 2^%.1f, want at most 2^-19 and 2^-17", math.Log2(absolute), math.Log2(relative))
	}
}
