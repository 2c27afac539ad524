//go:build wasmtime

package spectest

import (
	"encoding/binary"
	"fmt"
	"testing"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// TestRelaxedDifferential: metering changes nothing of what any instruction of relaxed SIMD computes.
func TestRelaxedDifferential(t *testing.T) {
	for n := uint64(256); n <= 275; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			module := relaxed(n)
			o, err := wasm.Features{RelaxedSIMD: true}.Read(module)
			if err != nil {
				t.Fatal(err)
			}
			runBoth(t, "wasmtime", taggedMachines()["wasmtime"], module, o)
		})
	}
}

// relaxed makes a module whose run folds 5,000 results of one instruction into a number, in a loop and across calls; its
// operands are small numbers, so that none is a NaN.
func relaxed(n uint64) []byte {
	op := func(second uint64) []byte { return append([]byte{0xfd}, binary.AppendUvarint(nil, second)...) }
	operand := func(times uint32) []byte {
		lanes := join(w.Get(0), w.I32(times), []byte{0x6c}, op(0x11)) // i32.mul, i32x4.splat
		switch {
		case n >= 259 && n <= 260, n >= 263 && n <= 264, n >= 271 && n <= 272: // f64
			return join(lanes, op(0xfe)) // f64x2.convert_low_i32x4_s
		case n >= 257 && n <= 258, n >= 261 && n <= 262, n >= 269 && n <= 270: // f32
			return join(lanes, op(0xfa)) // f32x4.convert_i32x4_s
		}
		return lanes
	}
	operands := join(operand(3), operand(5))
	switch {
	case n >= 257 && n <= 260:
		operands = operand(3)
	case n >= 261 && n <= 268 || n == 275:
		operands = join(operands, operand(7))
	}
	v128 := wasm.FuncType{Params: []wasm.ValueType{wasm.I32}, Results: []wasm.ValueType{wasm.V128}}
	m := &w.Module{}
	m.Memory(1, 1)
	one := m.RawFunc(v128, join([]byte{0}, operands, op(n), []byte{0x0b}))
	fold := func(value []byte) []byte { // acc = acc*31 + both halves of value
		return join(w.Get(2), w.I64(31), []byte{0x7e}, value, []byte{0xfd, 0x1d, 0, 0x7c}, value, []byte{0xfd, 0x1d, 1, 0x7c}, w.Set(2))
	}
	body := join([]byte{1, 1, byte(wasm.I64)}, // params i32 i32, acc
		w.I32(5000), w.Set(0),
		w.Loop(fold(join(operands, op(n))), fold(join(w.Get(0), w.Call(one))), w.Get(0), w.I32(1), []byte{0x6b}, w.Tee(0), w.BrIf(0)),
		w.Get(2), []byte{0x0b})
	m.Export("run", wasm.KindFunc, m.RawFunc(wasm.Signature("ii", "I"), body))
	m.Export("sum", wasm.KindFunc, m.RawFunc(wasm.Signature("", "I"), join([]byte{0}, w.I64(0), []byte{0x0b})))
	return m.Bytes()
}

func join(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
