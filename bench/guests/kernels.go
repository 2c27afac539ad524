package guests

import (
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// Work of the kernels that are not matrices.
const (
	LoopRounds = 50_000
	TreeDepth  = 18 // Fibonacci's, 8,361 calls
)

// Instructions that package wasmbuild has no name for.
const (
	less     w.Op = 0x49 // i32.lt_u
	sub32    w.Op = 0x6b
	xor64    w.Op = 0x85
	shr64    w.Op = 0x88 // unsigned
	f32add   w.Op = 0x92
	f32mul   w.Op = 0x94
	minusOne      = 0xffffffff
)

// Loop turns a number round LoopRounds times, in the tightest loop there is, and answers it: xorshift64.
func Loop() []byte {
	m := &w.Module{}
	step := func(shift uint64, by w.Op) []byte {
		return join(w.Get(1), w.Get(1), w.I64(shift), w.Do(by), w.Do(xor64), w.Set(1))
	}
	body := join([]byte{1, 1, byte(wasm.I64)}, w.I64(1), w.Set(1), w.Loop(
		step(13, w.Shl64), step(7, shr64), step(17, w.Shl64),
		w.Get(0), w.I32(minusOne), w.Do(w.Add32), w.Tee(0), w.BrIf(0)), w.Get(1), []byte{0x0b})
	turn := m.RawFunc(wasm.Signature("i", "I"), body)
	return plugin(m, 1, w.I32(answerAt), w.I32(LoopRounds), w.Call(turn), store64(0), answer(answerAt, 8))
}

// Tree answers a Fibonacci number, by calls alone.
func Tree() []byte {
	m := &w.Module{}
	rest := func(n uint32) []byte { return join(w.Get(0), w.I32(n), w.Do(sub32), w.Call(0)) }
	m.RawFunc(wasm.Signature("i", "i"), join([]byte{0}, w.Get(0), w.I32(2), w.Do(less),
		[]byte{0x04, byte(wasm.I32)}, w.Get(0), []byte{0x05}, rest(1), rest(2), w.Do(w.Add32), []byte{0x0b, 0x0b}))
	return plugin(m, 1, w.I32(answerAt), w.I32(TreeDepth), w.Call(0), w.Store32(0), answer(answerAt, 4))
}

// store64 is i64.store, unaligned.
func store64(offset byte) []byte { return []byte{0x37, 0, offset} }
