package wasm

import (
	"encoding/binary"
	"testing"
)

// Of vector instructions, loads and stores alone cost more than one unit, and no number is taken for another.
func TestWeightOfVectors(t *testing.T) {
	seen := map[int]bool{}
	for n := uint64(0); n <= lastRelaxed; n++ {
		file := append(binary.AppendUvarint([]byte{opVector}, n), make([]byte, 16)...)
		c := code{Outline: &Outline{Memories: []Memory{{}}, allowed: Features{RelaxedSIMD: true}}, reader: reader{file: file, end: len(file)}}
		var i instr
		if c.next(&i); c.err != nil {
			continue // unassigned
		}
		want := uint32(1)
		if n <= 11 || n >= 84 && n <= 93 {
			want = weightMemory
		}
		if got := weight(i.op); got != want || seen[i.op] {
			t.Errorf("instruction %d weighs %d, want %d; another has its number: %v", n, got, want, seen[i.op])
		}
		seen[i.op] = true
	}
	if len(seen) != 256 { // 236 and 20 relaxed ones
		t.Errorf("%d instructions", len(seen))
	}
}
