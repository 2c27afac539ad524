package wazero_test

import (
	"slices"
	"testing"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

const asideRounds = 5000

// carrying has a loop that carries values through asideRounds rounds: for each type more locals than a leaf sets aside. Its
// parameter, an i64, and every other number grow by one in each round; of the v128 the first lane does. "run" answers their sum.
// With an index as the loop's type it is no leaf.
func carrying(index bool) []byte { return carryingOften(index, 1) }

// carryingOften has the same function that often.
func carryingOften(index bool, often int) []byte {
	const each = 20
	m := &w.Module{}
	loop := []byte{0x03, 0x40}
	if index {
		loop[1] = byte(m.TypeIndex(wasm.Signature("", "")))
	}
	one := map[wasm.ValueType][]byte{
		wasm.I32: slices.Concat(w.I32(1), []byte{0x6a}), wasm.I64: slices.Concat(w.I64(1), []byte{0x7c}),
		wasm.F32:  {0x43, 0, 0, 0x80, 0x3f, 0x92},
		wasm.F64:  slices.Concat(w.F64(1), []byte{0xa0}),
		wasm.V128: slices.Concat([]byte{0xfd, 12, 1}, make([]byte, 15), []byte{0xfd, 0xce, 0x01}),
	}
	number := map[wasm.ValueType][]byte{
		wasm.I32: {0xad}, wasm.I64: nil, wasm.F32: {0xae}, wasm.F64: {0xb0}, wasm.V128: {0xfd, 29, 0},
	}
	types := []wasm.ValueType{wasm.V128, wasm.I32, wasm.F64, wasm.I64, wasm.F32}
	body, grow, sum, local := []byte{byte(len(types))}, []byte{}, w.Get(0), uint32(1)
	for _, t := range types {
		body = append(body, each, byte(t))
		for range each {
			grow = slices.Concat(grow, w.Get(local), one[t], w.Set(local))
			sum = slices.Concat(sum, w.Get(local), number[t], []byte{0x7c})
			local++
		}
	}
	again := slices.Concat(w.Get(0), w.I64(1), []byte{0x7c}, w.Tee(0), w.I64(asideRounds), []byte{0x54}, w.BrIf(0))
	run := slices.Concat(body, loop, grow, again, []byte{0x0b}, sum, []byte{0x0b})
	m.Export("run", wasm.KindFunc, m.RawFunc(wasm.Signature("I", "I"), run))
	for range often - 1 {
		m.RawFunc(wasm.Signature("I", "I"), run)
	}
	return m.Bytes()
}

// What a leaf sets aside, and what it has no room for, is there again after a yield, and nothing of it in the next call.
func TestAside(t *testing.T) {
	for _, index := range []bool{false, true} {
		r := start(t, carrying(index))
		for range 2 {
			got, _, err := r.call("run", 0)
			if want := uint64(101 * asideRounds); err != nil || got[0] != want || r.yields < 10 {
				t.Errorf("index %t: got %v after %d yields, want %d; %v", index, got, r.yields, want, err)
			}
		}
	}
}

// Only what the loop carries is set aside, 16 of each type: two instructions before the yield and two after it.
func TestAsideIsLittle(t *testing.T) {
	module := func(loop ...[]byte) int {
		m := &w.Module{}
		round := slices.Concat(w.Get(0), w.I64(1), []byte{0x7c}, w.Tee(0), w.I64(asideRounds), []byte{0x54}, w.BrIf(0))
		body := slices.Concat([]byte{1, 4, byte(wasm.I64), 0x03, 0x40}, slices.Concat(loop...), round, []byte{0x0b}, w.Get(1), []byte{0x0b})
		m.Export("run", wasm.KindFunc, m.RawFunc(wasm.Signature("I", "I"), body))
		return added(t, m.Bytes())
	}
	const one = 14 // about: four instructions, and a global's type and value
	nothing := module()
	for name, c := range map[string]struct {
		code []byte
		more int
	}{
		"only read":                   {slices.Concat(w.Get(1), []byte{0x1a}), 1},
		"written first":               {slices.Concat(w.I64(1), w.Set(1), w.Get(1), []byte{0x1a}), 0},
		"read first":                  {slices.Concat(w.Get(1), w.Set(1)), 1},
		"written in some rounds":      {slices.Concat(w.I32(0), w.If(w.I64(1), w.Set(1))), 1},
		"written first, then in some": {slices.Concat(w.I64(1), w.Set(1), w.I32(0), w.If(w.I64(1), w.Set(1))), 0},
		"two":                         {slices.Concat(w.Get(1), w.Set(2), w.Get(2), w.Set(3), w.Get(4), w.Set(1)), 2},
	} {
		if got := module(c.code) - nothing; got < c.more*one-4*c.more || got > c.more*one+4 {
			t.Errorf("%s: %d bytes more than without, want about %d", name, got, c.more*one)
		}
	}
	if many, index := added(t, carrying(false)), added(t, carrying(true)); many-index < 1300 || many-index > 1600 {
		t.Errorf("%d bytes for a leaf that carries a hundred locals, %d for no leaf", many, index)
	}
}

// What is set aside in a whole module is bounded: it is code to compile.
func TestAsideIsBounded(t *testing.T) {
	const functions = 1000
	many, index := added(t, carryingOften(false, functions)), added(t, carryingOften(true, functions))
	if each := (many - index) / functions; each > 10_000*20/functions+50 {
		t.Errorf("%d bytes are added to each of %d leaves", each, functions)
	}
}

// added is how much metering adds to a module.
func added(t *testing.T, module []byte) int {
	o, err := wasm.Read(module)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Meter(module, o, wasm.MeterConfig{Pages: 1})
	if err != nil {
		t.Fatal(err)
	}
	return len(m.Wasm) - len(module)
}
