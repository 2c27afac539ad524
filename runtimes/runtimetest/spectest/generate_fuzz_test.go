package spectest

import (
	"math/rand/v2"
	"testing"

	"bulkhead/runtimes/wasm"
)

// FuzzDifferential runs generated modules, plain and metered, on every engine: results, traps and what they leave in memory
// must be equal, and so must the fuel on all engines.
func FuzzDifferential(f *testing.F) {
	random, seeds := rand.New(rand.NewPCG(1, 2)), 300
	if testing.Short() {
		seeds = 20
	}
	for range seeds {
		seed := make([]byte, 30+random.IntN(600))
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	all := machines()
	f.Fuzz(func(t *testing.T, in []byte) {
		module := generate(in[:min(len(in), 2000)])
		o, err := wasm.Read(module)
		if err != nil {
			t.Fatalf("reading %x: %v", module, err)
		}
		var fuel int64
		for name, m := range all {
			used := runBoth(t, name, m, module, o)
			if fuel != 0 && used != fuel {
				t.Errorf("%s: %d units, another engine %d, of %x", name, used, fuel, module)
			}
			fuel = used
		}
	})
}

// runBoth compares plain and metered, and returns the fuel.
func runBoth(t *testing.T, name string, m machine, module []byte, o *wasm.Outline) int64 {
	count := map[string]int{}
	r := &runner{machine: m, count: count}
	p := r.pair(t, command{Filename: name}, module, o)
	if p == nil {
		t.Fatalf("%x", module)
	}
	defer r.close()
	expected := []value{{Type: "i64"}}
	for _, function := range []string{"run", "sum"} {
		params := map[string][]uint64{"run": {7, 9}}[function]
		a, err := p.plain.call(function, params)
		p.granted += slice
		p.metered.setGlobal(wasm.ExportFuel, slice)
		p.metered.setGlobal(wasm.ExportStack, wasm.StackBudget)
		b, err2 := p.metered.call(function, params)
		if (err != nil) != (err2 != nil) || err == nil && !same(expected, a, b) {
			t.Errorf("%s, %s: plain %x %v, metered %x %v, of %x", name, function, a, err, b, err2, module)
		}
		p.granted -= int64(p.metered.global(wasm.ExportFuel)[0])
	}
	return p.granted
}
