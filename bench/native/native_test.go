//go:build wasmtime

package native

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

func TestEcho(t *testing.T) {
	got, err := Echo(t.Context(), []byte("a"), []byte("bc"))
	if err != nil || string(got) != "abc" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Echo(t.Context(), nil, nil); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestBack(t *testing.T) {
	calls := 0
	call, end := Back(func([]byte) error { calls++; return nil }, 3)
	defer end()
	if _, err := call(t.Context(), nil, []byte("x")); err != nil || calls != 3 {
		t.Errorf("%d calls back: %v", calls, err)
	}
	broken, end := Back(func([]byte) error { return errors.New("broken") }, 1)
	defer end()
	if _, err := broken(t.Context(), nil, nil); err == nil {
		t.Error("a failed host function is nothing")
	}
}

// Each kernel with the identity, or a matrix of ones, gives its request back, or sums.
func TestKernels(t *testing.T) {
	const n = 32
	for _, name := range []string{"gemv_f32", "gemv_i8", "gemm_f32", "gemm_i8"} {
		float, rows := name[5:] == "f32", 1
		if name[:4] == "gemm" {
			rows = n
		}
		identity := make([]float32, n*n)
		request, want := make([]float32, rows*n), make([]float32, rows*n)
		for i := range n {
			identity[i*n+i] = 2
		}
		for i := range request {
			request[i] = float32(i%63 + 1)
			want[i] = 2 * request[i]
		}
		k := Kernel{Name: name, Weights: pack(identity, float), N: n}
		got, err := k.Call(t.Context(), nil, pack(request, float))
		if err != nil || !bytes.Equal(got, answer(want, float)) {
			t.Errorf("%s: % x: %v", name, got, err)
		}
		if _, err := k.Call(t.Context(), nil, nil); err == nil {
			t.Errorf("%s takes anything", name)
		}
	}
}

func pack(x []float32, float bool) (b []byte) {
	for _, v := range x {
		if float {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		} else {
			b = append(b, byte(int8(v)))
		}
	}
	return b
}

func answer(x []float32, float bool) (b []byte) {
	for _, v := range x {
		if float {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		} else {
			b = binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
		}
	}
	return b
}
