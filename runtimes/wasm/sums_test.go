package wasm_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// What an engine makes large of few bytes is bounded for the whole file, not only for each of a hundred thousand functions.
func TestSums(t *testing.T) {
	nothing, many := wasm.Signature("", ""), wasm.Signature("", strings.Repeat("I", wasm.MaxValues))
	body := func(locals uint32, code ...[]byte) []byte {
		out := binary.AppendUvarint([]byte{1}, uint64(locals))
		return append(slices.Concat(append(out, byte(wasm.I32)), slices.Concat(code...)), 0x0b)
	}
	repeat := func(code []byte, n int) []byte { return slices.Repeat(code, n) }
	targets := slices.Concat(w.I32(0), []byte{0x0e}, binary.AppendUvarint(nil, wasm.MaxTargets-1), make([]byte, wasm.MaxTargets))
	for name, c := range map[string]struct {
		fit   int // functions that are not too many
		typ   wasm.FuncType
		body  []byte
		multi bool
	}{
		"locals":         {wasm.MaxAllLocals / wasm.MaxLocals, nothing, body(wasm.MaxLocals), false},
		"locals times b": {wasm.MaxAllPhis / wasm.MaxPhis, nothing, body(1_000, repeat([]byte{0x02, 0x40, 0x0b}, 1_000)), false},
		"locals times l": {wasm.MaxAllLoopPhis / wasm.MaxLoopPhis, nothing, body(100-wasm.LoopLocals, repeat([]byte{0x03, 0x40, 0x0b}, 1_000)), false},
		"times loops of": {wasm.MaxAllLoopPhis / wasm.LoopLocals / 990, nothing, body(0, repeat([]byte{0x03, 0x40, 0x0b}, 990)), false},
		"targets":        {wasm.MaxAllTargets / wasm.MaxTargets, nothing, body(0, targets), false},
		"bulk":           {wasm.MaxAllBulk / wasm.MaxBulk, nothing, body(0, repeat(slices.Concat(w.TableGrow(w.I32(0)), w.Do(w.Drop)), wasm.MaxBulk)), false},
		"values":         {wasm.MaxMulti / (100 * (wasm.MaxValues - 1)), nothing, body(0, repeat(w.Call(0), 100), w.Do(w.Unreachable)), true},
	} {
		for more := range 2 {
			m := &w.Module{}
			m.Table(1)
			if c.multi {
				m.Func(many, 0, w.Do(w.Unreachable))
			}
			for range c.fit + more {
				m.RawFunc(c.typ, c.body)
			}
			_, err := wasm.Read(m.Bytes())
			if more == 0 && err != nil || more == 1 && !(errors.Is(err, wasm.ErrLimit) && strings.Contains(err.Error(), name)) {
				t.Errorf("%s, %d functions: %v", name, c.fit+more, err)
			}
		}
	}
}

// An element takes one byte of the file and a hundred of an engine's memory.
func TestSumOfElements(t *testing.T) {
	for n := range 3 {
		m := &w.Module{}
		f := m.Func(wasm.Signature("", ""), 0)
		m.Table(wasm.MaxElements)
		for range n {
			m.Elements(slices.Repeat([]uint32{f}, wasm.MaxElements/2+n/2)...)
		}
		if _, err := wasm.Read(m.Bytes()); (n == 2) != errors.Is(err, wasm.ErrLimit) {
			t.Errorf("%d segments: %v", n, err)
		}
	}
}
