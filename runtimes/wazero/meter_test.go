package wazero_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	engine "github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// A run is a metered module at work, outside any sandbox: yield grants a slice and counts.
type run struct {
	api.Module
	granted, yields int64
	overflows       int
}

const slice = 1000

func start(t testing.TB, module []byte) *run {
	t.Helper()
	o, err := wasm.Read(module)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Meter(module, o, wasm.MeterConfig{Pages: 64})
	if err != nil {
		t.Fatal(err)
	}
	r := engine.NewRuntime(t.Context())
	t.Cleanup(func() { r.Close(context.Background()) })
	out := &run{}
	i64 := []api.ValueType{api.ValueTypeI64}
	builder := r.NewHostModuleBuilder(wasm.YieldModule).NewFunctionBuilder().WithGoFunction(api.GoFunc(out.yield), i64, i64)
	if _, err := builder.Export(wasm.YieldName).Instantiate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out.Module, err = r.InstantiateWithConfig(t.Context(), m.Wasm, engine.NewModuleConfig().WithName("")); err != nil {
		t.Fatal(err)
	}
	return out
}

func (r *run) yield(_ context.Context, stack []uint64) {
	if int64(stack[0]) == wasm.StackOverflow {
		r.overflows++
		panic("overflow")
	}
	r.yields++
	r.granted += slice - int64(stack[0])
	stack[0] = slice
}

func (r *run) global(name string) api.MutableGlobal {
	return r.ExportedGlobal(name).(api.MutableGlobal)
}

// call runs an export and returns its results and the fuel that it used.
func (r *run) call(name string, params ...uint64) ([]uint64, int64, error) {
	r.global(wasm.ExportFuel).Set(slice)
	r.global(wasm.ExportStack).Set(wasm.StackBudget)
	r.granted = slice
	results, err := r.ExportedFunction(name).Call(context.Background(), params...)
	return results, r.granted - int64(r.global(wasm.ExportFuel).Get()), err
}

// Fuel is linear in the work of a loop, and yields come at the end of every slice.
func TestFuelFollowsTheWork(t *testing.T) {
	r := start(t, xorshift())
	_, one, _ := r.call("run", 1)
	_, two, _ := r.call("run", 2)
	each := two - one
	if each < 15 || each > 30 {
		t.Errorf("an iteration of 22 instructions costs %d", each)
	}
	r.yields = 0
	_, many, err := r.call("run", 100_000)
	if want := one + 99_999*each; err != nil || many != want {
		t.Errorf("100,000 iterations cost %d, want %d; %v", many, want, err)
	}
	if want := many / slice; r.yields < want-want/10 || r.yields > want {
		t.Errorf("%d yields for %d units", r.yields, many)
	}
}

// leaver leaves its function, or not, by the way that the parameter says, and answers 7.
func leaver() []byte {
	m := &w.Module{}
	body := []byte{0,
		0x02, 0x40, 0x02, 0x40, 0x02, 0x40, 0x02, 0x40, // four blocks
		0x20, 0, 0x0e, 4, 0, 1, 2, 3, 2, 0x0b, // br_table
		0x41, 7, 0x0f, 0x0b, // 0: return
		0x41, 7, 0x0c, 2, 0x0b, // 1: br out of the function
		0x41, 7, 0x20, 0, 0x0d, 1, 0x1a, 0x0b, // 2: br_if out of it, taken
		0x41, 0, 0x41, 0, 0x0d, 0, 0x1a, // 3: br_if out of it, not taken
		0x41, 7, 0x41, 0, 0x0e, 1, 0, 0, // br_table out of it
		0x0b}
	leave := m.RawFunc(wasm.Signature("i", "i"), body)
	_ = leave
	m.Export("leave", wasm.KindFunc, leave)
	nop := m.Func(wasm.Signature("", ""), 0)
	// the same with loops and calls around it
	again := []byte{1, 1, 0x7f, 0x03, 0x40, 0x10, byte(nop), 0x20, 1, 0x41, 1, 0x6a, 0x22, 1, 0x41, 10, 0x49, 0x0d, 0, 0x0b}
	m.Export("loop", wasm.KindFunc, m.RawFunc(wasm.Signature("i", "i"), slices.Concat(again, body[1:])))
	return m.Bytes()
}

// However a function is left, its frame is given back and its fuel is in the global.
func TestEveryWayOutOfAFunction(t *testing.T) {
	r := start(t, leaver())
	for _, name := range []string{"leave", "loop"} {
		for way := range uint64(5) {
			results, used, err := r.call(name, way)
			if err != nil || results[0] != 7 {
				t.Fatalf("%s %d: %v, %v", name, way, results, err)
			}
			if stack := r.global(wasm.ExportStack).Get(); stack != wasm.StackBudget {
				t.Errorf("%s %d: %d words of stack are left, want %d", name, way, stack, wasm.StackBudget)
			}
			if low := map[string]int64{"leave": 3, "loop": 80}[name]; used < low || used > low+60 {
				t.Errorf("%s %d: used %d", name, way, used)
			}
		}
	}
}

// Recursion, direct and through a table, ends at the budget, whatever the frames.
func TestCallStackIsBounded(t *testing.T) {
	m := &w.Module{}
	m.Table(1)
	m.Export("small", wasm.KindFunc, m.RawFunc(wasm.Signature("", ""), []byte{0, 0x10, 0, 0x0b}))
	m.Export("large", wasm.KindFunc, m.RawFunc(wasm.Signature("", ""), []byte{1, 0xe8, 0x07, 0x7e, 0x10, 1, 0x0b}))
	m.Export("one", wasm.KindFunc, m.RawFunc(wasm.Signature("", ""), []byte{0, 0x10, 3, 0x0b}))
	m.Export("other", wasm.KindFunc, m.RawFunc(wasm.Signature("", ""), []byte{0, 0x10, 2, 0x0b}))
	r := start(t, m.Bytes())
	for _, name := range []string{"small", "large", "one", "other"} {
		before := r.overflows
		if _, _, err := r.call(name); err == nil || r.overflows != before+1 {
			t.Errorf("%s: %v after %d overflows", name, err, r.overflows-before)
		}
	}
}

// mover exports memory.fill, memory.copy and memory.grow.
func mover() []byte {
	m := &w.Module{}
	m.Memory(48, 0)
	m.Export("memory", wasm.KindMemory, 0)
	m.Export("fill", wasm.KindFunc, m.RawFunc(wasm.Signature("iii", ""), []byte{0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 11, 0, 0x0b}))
	m.Export("copy", wasm.KindFunc, m.RawFunc(wasm.Signature("iii", ""), []byte{0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 10, 0, 0, 0x0b}))
	m.Export("grow", wasm.KindFunc, m.RawFunc(wasm.Signature("i", "i"), []byte{0, 0x20, 0, 0x40, 0, 0x0b}))
	return m.Bytes()
}

// Bulk instructions that Meter cut up do what they did, traps included, and are charged by size.
func TestBulkMemory(t *testing.T) {
	const size = 48 << 16
	r := start(t, mover())
	random := rand.New(rand.NewPCG(1, 2))
	view, _ := r.Memory().Read(0, size)
	for i := range view {
		view[i] = byte(random.Uint32())
	}
	model := bytes.Clone(view)
	pick := func() uint64 {
		edge := []uint64{0, 1, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2 << 20, size - 1, size, size + 1, 1<<32 - 1}
		if random.IntN(2) == 0 {
			return edge[random.IntN(len(edge))]
		}
		return uint64(random.IntN(size))
	}
	for range 300 {
		to, from, n := pick(), pick(), pick()
		name, fits := "copy", to+n <= size && from+n <= size
		if random.IntN(2) == 0 {
			name, fits = "fill", to+n <= size
		}
		_, used, err := r.call(name, to, from, n)
		if (err == nil) != fits {
			t.Fatalf("%s(%d, %d, %d): %v", name, to, from, n, err)
		}
		if fits && (used < int64(n>>6) || used > int64(n>>6)+200) {
			t.Errorf("%s(%d, %d, %d) costs %d", name, to, from, n, used)
		}
		switch {
		case fits && name == "copy":
			copy(model[to:to+n], model[from:from+n])
		case fits:
			for i := range n {
				model[to+i] = byte(from)
			}
		}
		if !bytes.Equal(view, model) {
			t.Fatalf("%s(%d, %d, %d) left another memory", name, to, from, n)
		}
	}
	for _, tt := range []struct{ pages, want uint64 }{{0, 48}, {17, 1<<32 - 1}, {1<<32 - 1, 1<<32 - 1}, {16, 48}, {1, 1<<32 - 1}} {
		results, used, err := r.call("grow", tt.pages)
		if err != nil || results[0] != tt.want {
			t.Errorf("growing by %d: %v, %v; want %d", tt.pages, results, err, tt.want)
		}
		if grown := tt.pages == 16; grown != (used > 16<<10) {
			t.Errorf("growing by %d costs %d", tt.pages, used)
		}
	}
}

// What a call does not run it pays little for: a loop around many branches, as stock Go compiles a function.
func TestBranchesNotTakenAreCheap(t *testing.T) {
	m := &w.Module{}
	work := slices.Repeat([]byte{0x20, 0, 0x1a}, 80) // 80 units
	body := []byte{1, 1, 0x7f, 0x03, 0x40}
	const arms = 100
	for range arms {
		body = append(body, 0x02, 0x40)
	}
	body = append(body, 0x20, 0, 0x0e, arms-1)
	for i := range arms {
		body = append(body, byte(i))
	}
	body = append(body, 0x0b)
	for i := range arms - 1 {
		body = append(append(body, work...), 0x0c, byte(arms-2-i), 0x0b)
	}
	body = append(body, 0x20, 1, 0x41, 1, 0x6a, 0x22, 1, 0x41, 60, 0x49, 0x0d, 0, 0x0b, 0x0b)
	m.Export("run", wasm.KindFunc, m.RawFunc(wasm.Signature("i", ""), body))
	r := start(t, m.Bytes())
	if _, used, err := r.call("run", 50); err != nil || used < 60*80 || used > 60*300 {
		t.Errorf("60 rounds of about 90 units cost %d, %v", used, err)
	}
}
