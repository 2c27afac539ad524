package spectest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"bulkhead/runtimes/wasm"
)

// A machine runs modules on one engine, outside of any sandbox.
type machine interface {
	// instantiate links a module with its imports: yield, and functions that do nothing.
	instantiate(t *testing.T, module []byte, o *wasm.Outline, yield func(counter int64) (int64, error)) (instance, error)
}

// An instance has words for parameters and results: two for a v128, the low one first; 0 for a null reference.
type instance interface {
	call(name string, params []uint64) ([]uint64, error)
	global(name string) []uint64
	setGlobal(name string, bits uint64)
	close()
}

var errOverflow = errors.New("the call stack is too deep")

// TestDifferential runs every action of the suite on the plain module and on the metered one: results and traps must be
// equal, and the fuel must be the same on every engine. A short run takes every tenth script.
func TestDifferential(t *testing.T) {
	all := scripts(t, suites()...)
	if testing.Short() {
		all = slices.DeleteFunc(all, func(s script) bool { return len(s.name)%10 != 0 })
	}
	fuel := map[string]map[string]int64{}
	for name, m := range machines() {
		t.Run(name, func(t *testing.T) {
			fuel[name] = map[string]int64{}
			count := map[string]int{}
			for _, s := range all {
				r := &runner{machine: m, script: s, modules: map[string]*pair{}, count: count}
				for _, c := range s.Commands {
					r.step(t, c)
				}
				r.close()
				fuel[name][s.name] = r.fuel
			}
			report(t, "modules and actions, plain and metered", count)
		})
	}
	sum := int64(0)
	for _, s := range all {
		sum += fuel["wazero"][s.name]
		for name := range fuel {
			if got, want := fuel[name][s.name], fuel["wazero"][s.name]; got != want {
				t.Errorf("%s: %d units of fuel on %s, %d on wazero", s.name, got, name, want)
			}
		}
	}
	t.Logf("%d units of fuel on each of %d engines", sum, len(fuel))
	if sum < 10_000 {
		t.Error("the suite did next to nothing")
	}
}

// A runner runs one script.
type runner struct {
	machine machine
	script  script
	last    *pair // nil: the last module is not run
	modules map[string]*pair
	opened  []*pair
	count   map[string]int
	fuel    int64
}

// A pair is a module as it is and as Meter makes it.
type pair struct {
	plain, metered instance
	granted        int64
	shared         bool // the suite lets other modules change its state, which are not run here
}

// slice is small, so that there are many yields.
const slice = 1000

func (r *runner) step(t *testing.T, c command) {
	switch c.Type {
	case "module":
		r.last = r.module(t, c)
		if c.Name != "" {
			r.modules[c.Name] = r.last
		}
	case "register":
		if p := r.named(c.Name); p != nil {
			p.shared = true
		}
	case "assert_return", "assert_trap", "assert_exhaustion", "action":
		r.action(t, c)
	}
}

// named is a module by its name, or the last.
func (r *runner) named(name string) *pair {
	if name != "" {
		return r.modules[name]
	}
	return r.last
}

// module makes the pair, or says why not.
func (r *runner) module(t *testing.T, c command) *pair {
	module := r.script.module(t, c)
	o, err := wasm.Read(module)
	foreign := err == nil && slices.ContainsFunc(o.Imports, func(i wasm.Import) bool {
		return i.Module != "spectest" || i.Kind != wasm.KindFunc
	})
	switch {
	case err != nil:
		r.count["modules not run: refused"]++
	case foreign:
		r.count["modules not run: they import from other modules"]++
	case o.Start:
		r.count["modules not run: they have a start section"]++
	default:
		return r.pair(t, c, module, o)
	}
	return nil
}

func (r *runner) pair(t *testing.T, c command, module []byte, o *wasm.Outline) *pair {
	p := &pair{}
	metered, err := wasm.Meter(module, o, wasm.MeterConfig{Pages: wasm.PageLimit})
	if err != nil {
		t.Errorf("%s/%s: %v", r.script.name, c.Filename, err)
		return nil
	}
	var err2 error
	p.plain, err = r.machine.instantiate(t, module, o, nil)
	p.metered, err2 = r.machine.instantiate(t, metered.Wasm, o, p.yield)
	if err != nil || err2 != nil {
		t.Errorf("%s/%s, line %d: plain %v, metered %v", r.script.name, c.Filename, c.Line, err, err2)
		return nil
	}
	r.count["modules run"]++
	r.opened = append(r.opened, p)
	return p
}

func (p *pair) yield(counter int64) (int64, error) {
	if counter == wasm.StackOverflow {
		return 0, errOverflow
	}
	p.granted += slice - counter
	return slice, nil
}

func (r *runner) close() {
	for _, p := range r.opened {
		p.plain.close()
		p.metered.close()
	}
}

func (r *runner) action(t *testing.T, c command) {
	p := r.named(c.Action.Module)
	if p == nil {
		r.count["actions not run: their module is not"]++
		return
	}
	if c.Action.Type == "get" {
		r.count["actions: get"]++
		if a, b := p.plain.global(c.Action.Field), p.metered.global(c.Action.Field); !same(c.Expected, a, b) {
			t.Errorf("%s, line %d: global %s is %x plain and %x metered", r.script.name, c.Line, c.Action.Field, a, b)
		}
		return
	}
	r.invoke(t, c, p)
}

func (r *runner) invoke(t *testing.T, c command, p *pair) {
	r.count["actions: "+c.Type]++
	params := words(c.Action.Args)
	a, err := p.plain.call(c.Action.Field, params)
	p.granted = slice
	p.metered.setGlobal(wasm.ExportFuel, slice)
	p.metered.setGlobal(wasm.ExportStack, wasm.StackBudget)
	b, err2 := p.metered.call(c.Action.Field, params)
	where := fmt.Sprintf("%s, line %d: %s(%x)", r.script.name, c.Line, c.Action.Field, params)
	traps := c.Type == "assert_trap" || c.Type == "assert_exhaustion"
	if (err != nil) != (err2 != nil) || (err != nil) != traps && !p.shared {
		t.Errorf("%s: plain %v, metered %v; %s", where, err, err2, c.Type)
	}
	if err == nil && !same(c.Expected, a, b) {
		t.Errorf("%s: plain %x, metered %x", where, a, b)
	}
	if c.Type != "assert_exhaustion" { // frames of plain engines differ
		r.fuel += p.granted - int64(p.metered.global(wasm.ExportFuel)[0])
	}
	if left := p.metered.global(wasm.ExportStack)[0]; err2 == nil && left != wasm.StackBudget {
		t.Errorf("%s: %d words of stack are left, want %d", where, left, wasm.StackBudget)
	}
}

// words are the parameters of an action.
func words(values []value) (out []uint64) {
	for _, v := range values {
		lanes, ok := v.Value.([]any)
		if !ok {
			lanes = []any{v.Value}
		}
		width := map[string]int{"i8": 8, "i16": 16, "i32": 32, "f32": 32, "i64": 64, "f64": 64}[v.Lane]
		if !ok {
			width = 64
		}
		word := make([]uint64, max(1, len(lanes)*width/64))
		for i, lane := range lanes {
			word[i*width/64] |= bits(v, lane) << (i * width % 64)
		}
		out = append(out, word...)
	}
	return out
}

// bits reads a number as the suite writes it. References are one more than that, so that none is null.
func bits(v value, lane any) (n uint64) {
	text, _ := lane.(string)
	if text == "" || text == "null" {
		return 0
	}
	if _, err := fmt.Sscan(text, &n); err != nil {
		var signed int64
		fmt.Sscan(text, &signed)
		n = uint64(signed)
	}
	switch {
	case v.Type == "externref" || v.Type == "funcref":
		return n + 1
	case strings.HasSuffix(v.Type, "32") || strings.HasSuffix(v.Lane, "32"):
		return uint64(uint32(n))
	case v.Lane == "i16":
		return uint64(uint16(n))
	case v.Lane == "i8":
		return uint64(uint8(n))
	}
	return n
}

// same compares results bit by bit, but one NaN is as good as another, and one function reference as another.
func same(expected []value, a, b []uint64) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for _, v := range expected {
		n := 1
		if v.Type == "v128" {
			n = 2
		}
		for range n {
			if i >= len(a) || !alike(v, a[i], b[i]) {
				return false
			}
			i++
		}
	}
	return expected == nil || i == len(a)
}

func alike(v value, a, b uint64) bool {
	switch {
	case a == b:
		return true
	case v.Type == "funcref":
		return a != 0 && b != 0
	case v.Type == "f64" || v.Lane == "f64":
		return math.IsNaN(math.Float64frombits(a)) && math.IsNaN(math.Float64frombits(b))
	case v.Type == "f32":
		return nan32(a) && nan32(b)
	case v.Lane == "f32":
		half := func(shift int) bool {
			return uint32(a>>shift) == uint32(b>>shift) || nan32(a>>shift) && nan32(b>>shift)
		}
		return half(0) && half(32)
	case v.Type == "i32":
		return uint32(a) == uint32(b)
	}
	return false
}

func nan32(bits uint64) bool {
	f := math.Float32frombits(uint32(bits))
	return f != f
}
