//go:build peers

package c_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/sandbox"
)

// With NN_FMA sums of f32 differ in their last bits, and in no others.
func TestPeerFMA(t *testing.T) {
	reference := startNative(t)
	wasm := compile(t, true, "-DNN_FMA", "testdata/kernels/guest.c")
	for _, b := range backends() {
		if !b.relaxed {
			continue
		}
		p := sdktest.New(t, sdktest.Config{}, sandbox.New(t, sandbox.Config{Backend: b.open(), Wasm: wasm, RelaxedSIMD: true}))
		for _, k := range kernels() {
			if !slices.Contains([]uint32{0, 4, 7}, k.number) {
				continue
			}
			r, compared := rand.New(rand.NewPCG(9, uint64(k.number))), 0
			for _, size := range k.sizes[len(k.sizes)/2:] {
				q := request(k, size, 0, -1, k.arrays(r, size))
				got, err := p.Model(q)
				if err != nil {
					t.Fatal(err)
				}
				compared += near(t, k.name, got, reference.run(t, q))
			}
			if compared < 1000 {
				t.Errorf("%s: %d numbers compared", k.name, compared)
			}
		}
	}
}

// near compares sums of some hundred products of numbers up to 1, and counts them.
func near(t *testing.T, name string, got, want []byte) (n int) {
	t.Helper()
	for ; len(got) >= 4; got, want = got[4:], want[4:] {
		a, b := math.Float32frombits(binary.LittleEndian.Uint32(got)), math.Float32frombits(binary.LittleEndian.Uint32(want))
		if n++; !(math.Abs(float64(a)-float64(b)) < 1e-4) {
			t.Fatalf("%s: %g, not %g", name, a, b)
		}
	}
	return n
}
