package runtimetest

import (
	"context"
	"encoding/binary"
	"testing"

	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
)

// RelaxedSIMD tests that the backends that open returns run relaxed SIMD if they have it and the program says so, and refuse
// it otherwise: by its instructions, by the program's word alone, and whatever is in the cache.
func RelaxedSIMD(t *testing.T, open func() runtimes.Backend, has bool) {
	s := suite{open: open}
	t.Run("not asked for", func(t *testing.T) { s.refusedUnrun(t, program(dotter(), nil), "relaxed SIMD") })
	asked := func(module []byte) runtimes.Program {
		p := program(module, &host{})
		p.RelaxedSIMD = true
		return p
	}
	if !has {
		t.Run("asked for", func(t *testing.T) { s.refusedUnrun(t, asked(dotter()), "relaxed SIMD") })
		t.Run("asked for and not used", func(t *testing.T) { s.refusedUnrun(t, asked(echo(0)), "relaxed SIMD") })
		return
	}
	t.Run("asked for and not used", func(t *testing.T) { call(t, s.load(t, asked(echo(0))), nil) })
	t.Run("asked for", func(t *testing.T) { s.dots(t, s.load(t, asked(dotter()))) })
	t.Run("with a cache", func(t *testing.T) {
		p := asked(dotter())
		p.Cache = &memoryCache{}
		b := s.open()
		defer b.Close(context.Background())
		for range 2 {
			m, err := b.Load(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			s.dots(t, m)
			m.Close(context.Background())
		}
		p.RelaxedSIMD = false
		if m, err := b.Load(t.Context(), p); err == nil {
			m.Close(context.Background())
			t.Error("loaded from the cache without being asked for")
		}
	})
}

// dots calls a dotter with numbers for which every processor has the same answer.
func (s suite) dots(t *testing.T, m runtimes.Module) {
	t.Helper()
	var request [32]byte
	var want [4]int32
	for i := range 16 {
		a, b := int8(i*17-128), int8(i*8)
		request[i], request[16+i] = byte(a), byte(b)
		want[i/4] += int32(a) * int32(b)
	}
	for i, word := range want {
		answer := call(t, m, request[:])
		if got := int32(binary.LittleEndian.Uint32(answer[4*i:])); got != word {
			t.Errorf("lane %d is %d, want %d", i, got, word)
		}
	}
}

// dotter answers the dot products, four by four, of the two halves of its request of 32 bytes.
func dotter() []byte {
	load := func(offset byte) []byte { return concat(w.Get(0), []byte{0xfd, 0, 0, offset}) } // v128.load
	dot := concat(load(0), load(16), w.I32(0), []byte{0xfd, 0x11}, []byte{0xfd, 0x93, 0x02}) // i32x4.relaxed_dot_i8x16_i7x16_add_s
	store := concat(w.Get(0), dot, []byte{0xfd, 11, 0, 0})                                   // v128.store
	m := &module{}
	log := m.capability("log")
	m.initialize(w.I32(1), w.I32(0), w.I32(1), w.Call(log))
	return m.complete(1, 0, store, w.Get(0), w.I32(16), w.Pack(3))
}
