package wazero_test

import (
	"slices"
	"testing"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

const leafRounds = 5000

// rounds has loops of leafRounds rounds that call nothing. Its "run" leaves one that stands in two blocks, in the way that
// its parameter says, and answers where it came out + 10 * rounds; its "value" answers what its loop leaves. Block types
// are one byte, or an index: none of the loops is a leaf then.
func rounds(index bool) []byte {
	m := &w.Module{}
	none, one := byte(0x40), byte(wasm.I32)
	if index {
		none, one = byte(m.TypeIndex(wasm.Signature("", ""))), byte(m.TypeIndex(wasm.Signature("", "i")))
	}
	again := slices.Concat(w.Get(1), w.I32(1), w.Do(w.Add32), w.Tee(1), w.I32(leafRounds), []byte{0x49}, w.BrIf(0))
	way := func(n uint32, then ...[]byte) []byte {
		return slices.Concat(w.Get(0), w.I32(n), w.Do(w.Equal32), w.If(then...))
	}
	out := func(n uint32) []byte {
		return slices.Concat(w.I32(n), w.Get(1), w.I32(10), []byte{0x6c}, w.Do(w.Add32))
	}
	leave := []byte{0x0f}
	body := slices.Concat([]byte{1, 1, byte(wasm.I32)},
		[]byte{0x02, 0x40, 0x02, 0x40, 0x03, none}, again,
		way(1, w.Br(2)), // the labels in an if: itself, the loop, both blocks, the function
		way(2, w.Br(3)),
		way(3, w.Get(0), []byte{0x0e, 4, 0, 0, 0, 3, 2}),
		way(4, w.Get(0), []byte{0x0e, 1, 1, 2}),
		way(5, out(5), leave),
		way(6, out(6), w.Br(4)),
		w.Get(0), w.I32(7), w.Do(w.Equal32), w.BrIf(2),
		[]byte{0x0b}, out(0), leave, []byte{0x0b}, out(1), leave, []byte{0x0b}, out(2), []byte{0x0b})
	m.Export("run", wasm.KindFunc, m.RawFunc(wasm.Signature("i", "i"), body))
	value := slices.Concat([]byte{1, 1, byte(wasm.I32), 0x03, one}, again, w.I32(9), []byte{0x0b, 0x0b})
	m.Export("value", wasm.KindFunc, m.RawFunc(wasm.Signature("i", "i"), value))
	return m.Bytes()
}

// A leaf does what any loop does, for the same fuel and with as many yields, whichever way it is left.
func TestLeaf(t *testing.T) {
	leaf, loop := start(t, rounds(false)), start(t, rounds(true))
	want := []uint64{0, 1, 2, 2, 1, 5, 6, 2, 0}
	for way, out := range want {
		a, fuel, err := leaf.call("run", uint64(way))
		b, asMuch, err2 := loop.call("run", uint64(way))
		if err != nil || err2 != nil || a[0] != out+10*leafRounds || b[0] != a[0] {
			t.Errorf("way %d: %v and %v, want %d; %v, %v", way, a, b, out+10*leafRounds, err, err2)
		}
		if fuel != asMuch || fuel < 5*leafRounds {
			t.Errorf("way %d: %d units, %d where it is no leaf", way, fuel, asMuch)
		}
	}
	a, fuel, err := leaf.call("value", 0)
	b, asMuch, err2 := loop.call("value", 0)
	if err != nil || err2 != nil || a[0] != 9 || b[0] != 9 || fuel != asMuch {
		t.Errorf("%v for %d and %v for %d; %v, %v", a, fuel, b, asMuch, err, err2)
	}
	if leaf.yields != loop.yields || leaf.yields < 9*5*leafRounds/slice {
		t.Errorf("%d yields, %d where they are no leaves", leaf.yields, loop.yields)
	}
}

// The difference is there: the leaf's module is the larger one.
func TestLeafIsOne(t *testing.T) {
	if with, without := added(t, rounds(false)), added(t, rounds(true)); with <= without {
		t.Errorf("%d bytes were added to leaves, %d to others", with, without)
	}
}

// traps has a loop of leafRounds rounds that ends in a trap, behind a call and behind work that leaves the counter anywhere.
func traps(index bool) []byte {
	m := &w.Module{}
	none := byte(0x40)
	if index {
		none = byte(m.TypeIndex(wasm.Signature("", "")))
	}
	nothing := m.RawFunc(wasm.Signature("", ""), []byte{0, 0x0b})
	again := slices.Concat(w.Get(1), w.I32(1), w.Do(w.Add32), w.Tee(1), w.I32(leafRounds), []byte{0x49}, w.BrIf(0))
	work := slices.Repeat(slices.Concat(w.I32(1), []byte{0x1a}), 150)
	body := slices.Concat([]byte{1, 1, byte(wasm.I32)}, work, w.Call(nothing), []byte{0x03, none}, again, w.Do(w.Unreachable), []byte{0x0b}, w.Get(1), []byte{0x0b})
	m.Export("run", wasm.KindFunc, m.RawFunc(wasm.Signature("i", "i"), body))
	return m.Bytes()
}

// What a guest has used when it traps in a leaf is what it had used at its last yield, as in any loop.
func TestLeafThatTraps(t *testing.T) {
	leaf, loop := start(t, traps(false)), start(t, traps(true))
	_, fuel, err := leaf.call("run", 0)
	_, asMuch, err2 := loop.call("run", 0)
	if err == nil || err2 == nil || fuel != asMuch || leaf.yields == 0 {
		t.Errorf("%d units in a leaf, %d in another loop; %v, %v", fuel, asMuch, err, err2)
	}
}
