package wasm_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// vectorOp is a module with one instruction behind the prefix of vectors. Operands are not its matter: an engine checks types.
func vectorOp(opcode ...byte) []byte {
	m := &w.Module{}
	m.RawFunc(wasm.Signature("", ""), append(append([]byte{0, 0, 0xfd}, opcode...), 0x0b)) // behind unreachable
	return m.Bytes()
}

// Relaxed SIMD is read where it is asked for, all of it and no more.
func TestReadRelaxed(t *testing.T) {
	relaxed := wasm.Features{RelaxedSIMD: true}
	for n := uint64(250); n < 300; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			module := vectorOp(binary.AppendUvarint(nil, n)...)
			if _, err := wasm.Read(module); (err == nil) != (n < 256) {
				t.Errorf("ABI v1: %v", err)
			} else if n >= 256 && n <= 275 && !strings.Contains(err.Error(), "relaxed SIMD") {
				t.Errorf("the refusal does not say why: %v", err)
			}
			o, err := relaxed.Read(module)
			if (err == nil) != (n <= 275) {
				t.Fatalf("with relaxed SIMD: %v", err)
			}
			if err != nil {
				return
			}
			metered, err := wasm.Meter(module, o, wasm.MeterConfig{Pages: 1})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := relaxed.Read(metered.Wasm); err != nil {
				t.Errorf("metered: %v", err)
			}
		})
	}
	if _, err := relaxed.Read(vectorOp(0x80, 0x82, 0)); err == nil {
		t.Error("an opcode of three bytes was read")
	}
}
