package spectest

import (
	"slices"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// A generator turns bytes into a valid module that ends: every byte string is one, and its control flow goes wherever
// structured code may. Loops and calls count a budget down, which is the module's own.
type generator struct {
	in     []byte
	code   []byte
	types  []wasm.ValueType   // of the function's locals, parameters first
	labels [][]wasm.ValueType // what a branch to each open label carries, outermost first
	self   int                // the function being written; it calls only later ones
}

// The module's shape.
const (
	generated = 5  // functions
	budget    = 4  // the global that counts down, behind as many others
	pages     = 2  // of memory, which may double
	deep      = 4  // nesting of expressions
	spares    = 12 // locals beside parameters
)

// numbers are the types of expressions. Globals are all i32.
func numbers() []wasm.ValueType {
	return []wasm.ValueType{wasm.I32, wasm.I64, wasm.F32, wasm.F64}
}

// signatures are the types of the functions, and of blocks.
func signatures() []wasm.FuncType {
	two := wasm.FuncType{Params: []wasm.ValueType{wasm.I64}, Results: []wasm.ValueType{wasm.I32, wasm.F64}}
	return []wasm.FuncType{wasm.Signature("ii", "I"), two, wasm.Signature("iId", "i"), wasm.Signature("", "f"), wasm.Signature("f", "")}
}

// generate makes a module that exports run, the first of its functions, and sum, which reads its state.
func generate(in []byte) []byte {
	g, m := &generator{in: in}, &w.Module{}
	m.Memory(pages, 2*pages)
	m.Table(generated)
	for range budget {
		m.Global(w.I32(3))
	}
	m.Global(w.I32(3000))
	for g.self = range signatures() {
		m.Export([]string{"run", "b", "c", "d", "e"}[g.self], wasm.KindFunc, m.RawFunc(signatures()[g.self], g.function()))
	}
	m.Export("sum", wasm.KindFunc, m.RawFunc(wasm.Signature("", "I"), sum()))
	return m.Bytes()
}

// sum folds memory, globals and sizes into one number.
func sum() []byte {
	body := []byte{2, 1, byte(wasm.I64), 1, byte(wasm.I32), 0x03, 0x40}
	body = append(body, 0x20, 0, 0x42, 31, 0x7e, 0x20, 1, 0x29, 0, 0, 0x7c, 0x21, 0) // acc = acc*31 + load(at)
	body = append(body, 0x20, 1, 0x41, 8, 0x6a, 0x22, 1, 0x3f, 0, 0x41, 16, 0x74, 0x49, 0x0d, 0, 0x0b, 0x20, 0)
	for i := range uint32(budget + 1) {
		body = append(append(body, w.GlobalGet(i)...), 0xad, 0x7c, 0x42, 7, 0x7e)
	}
	return append(body, 0xfc, 0x10, 0, 0xad, 0x7c, 0x0b) // table.size
}

// n is a number below most; 0 when there is no more input.
func (g *generator) n(most int) int {
	if len(g.in) == 0 {
		return 0
	}
	b := g.in[0]
	g.in = g.in[1:]
	return int(b) % most
}

func (g *generator) op(code ...byte) { g.code = append(g.code, code...) }

func (g *generator) function() []byte {
	t := signatures()[g.self]
	g.types = slices.Concat(t.Params, slices.Repeat(numbers(), spares/4))
	g.labels = [][]wasm.ValueType{t.Results}
	g.code = []byte{spares}
	for _, l := range g.types[len(t.Params):] {
		g.op(1, byte(l))
	}
	g.spend(func() { g.op(0x00) })
	g.statements(0)
	g.values(t.Results, 0)
	g.op(0x0b)
	return g.code
}

// spend takes one from the budget, and does what broke says when there is none.
func (g *generator) spend(broke func()) {
	g.op(0x23, budget, 0x45, 0x04, 0x40)
	g.labels = append(g.labels, nil)
	broke()
	g.labels = g.labels[:len(g.labels)-1]
	g.op(0x0b, 0x23, budget, 0x41, 1, 0x6b, 0x24, budget)
}

func (g *generator) values(types []wasm.ValueType, depth int) {
	for _, t := range types {
		g.value(t, depth+1)
	}
}

// value writes an expression of a type.
func (g *generator) value(t wasm.ValueType, depth int) {
	if depth >= deep || len(g.in) == 0 {
		g.leaf(t)
		return
	}
	switch g.n(10) {
	case 0, 1:
		g.leaf(t)
	case 2, 3: // two operands
		g.value(t, depth+1)
		g.value(t, depth+1)
		g.op(g.pick(binaries(t)))
	case 4: // of another type
		from := numbers()[g.n(4)]
		g.value(from, depth+1)
		g.convert(from, t)
	case 5:
		g.value(wasm.I32, depth+1)
		g.op(map[wasm.ValueType]byte{wasm.I32: 0x28, wasm.I64: 0x29, wasm.F32: 0x2a, wasm.F64: 0x2b}[t], 0, byte(g.n(100)))
	case 6:
		g.value(t, depth+1)
		g.value(t, depth+1)
		g.value(wasm.I32, depth+1)
		g.op(0x1b)
	case 7:
		g.value(wasm.I32, depth+1)
		g.block(0x04, []wasm.ValueType{t}, depth, func() { g.op(0x05); g.statements(depth + 1); g.value(t, depth+1) })
	case 8:
		g.block(0x02, []wasm.ValueType{t}, depth, func() {
			g.value(wasm.I32, depth+1)
			g.op(0x0d, 0) // br_if, which hands the value on
		})
	case 9:
		g.callFor(t, depth)
	}
}

func (g *generator) pick(ops []byte) byte { return ops[g.n(len(ops))] }

func binaries(t wasm.ValueType) []byte {
	switch t {
	case wasm.I32:
		return []byte{0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x70, 0x71, 0x72, 0x73, 0x74, 0x76, 0x77, 0x46, 0x49, 0x4e}
	case wasm.I64:
		return []byte{0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0x82, 0x83, 0x84, 0x85, 0x86, 0x88, 0x89}
	case wasm.F32:
		return []byte{0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98}
	}
	return []byte{0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6}
}

// convert makes a number of another type; the saturating kind, but one that traps.
func (g *generator) convert(from, to wasm.ValueType) {
	ops := map[[2]wasm.ValueType][]byte{
		{wasm.I64, wasm.I32}: {0xa7}, {wasm.F32, wasm.I32}: {0xfc, 0}, {wasm.F64, wasm.I32}: {0xaa},
		{wasm.I32, wasm.I64}: {0xac}, {wasm.F32, wasm.I64}: {0xfc, 4}, {wasm.F64, wasm.I64}: {0xfc, 7},
		{wasm.I32, wasm.F32}: {0xb2}, {wasm.I64, wasm.F32}: {0xb5}, {wasm.F64, wasm.F32}: {0xb6},
		{wasm.I32, wasm.F64}: {0xb8}, {wasm.I64, wasm.F64}: {0xb9}, {wasm.F32, wasm.F64}: {0xbb},
	}
	g.op(ops[[2]wasm.ValueType{from, to}]...)
}

func (g *generator) leaf(t wasm.ValueType) {
	switch choice := g.n(5); {
	case choice < 2:
		g.op(0x20, g.local(t))
	case choice == 2 && t == wasm.I32:
		g.op(0x23, byte(g.n(budget))) // a global
	case choice == 3 && t == wasm.I32:
		g.op(0x3f, 0) // memory.size
	case t == wasm.I32:
		g.op(w.I32(uint32(g.n(256) << (g.n(4) * 8)))...)
	case t == wasm.I64:
		g.op(w.I64(uint64(g.n(256)) << (g.n(8) * 8))...)
	case t == wasm.F32:
		g.op(0x43, 0, 0, byte(g.n(256)), byte(g.n(256)))
	default:
		g.op(w.F64(float64(g.n(256)) / 3)...)
	}
}

// local is one of the function's locals of a type.
func (g *generator) local(t wasm.ValueType) byte {
	at := g.n(len(g.types))
	for g.types[at] != t {
		at = (at + 1) % len(g.types)
	}
	return byte(at)
}
