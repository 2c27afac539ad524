package runtimetest

import (
	"encoding/binary"
	"testing"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// depth: a call that goes nearly as deep as it may leaves the next one as much room, and one that goes too deep too.
func (s suite) depth(t *testing.T) {
	m := &module{}
	down := m.Func(wasm.Signature("i", ""), 0, w.Get(0), w.If(w.Get(0), w.I32(0xffffffff), w.Do(w.Add32), w.Call(0)))
	p := program(m.complete(1, 0, w.Get(0), w.Load32(0), w.Call(down), w.I64(0)), &host{})
	for _, stateful := range []bool{false, true} {
		p.Stateful = stateful
		loaded := s.load(t, p)
		frames := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
		most := uint32(wasm.StackBudget / 20)
		for range 20 {
			call(t, loaded, frames(most))
		}
		s.limited(t, loaded, frames(100*most), "call stack")
		call(t, loaded, frames(most))
	}
}
