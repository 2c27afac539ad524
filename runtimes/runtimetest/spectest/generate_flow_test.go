package spectest

import (
	"slices"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// Statements of a generator.

func (g *generator) statements(depth int) {
	if depth >= deep {
		return
	}
	for range g.n(4) {
		g.statement(depth + 1)
	}
}

func (g *generator) statement(depth int) {
	switch g.n(14) {
	case 0, 1:
		t := numbers()[g.n(4)]
		g.value(t, depth)
		g.op(byte(0x21+g.n(2)), g.local(t)) // set or tee
		if g.code[len(g.code)-2] == 0x22 {
			g.op(0x1a)
		}
	case 2:
		g.value(wasm.I32, depth)
		g.op(0x24, byte(g.n(budget)))
	case 3:
		g.value(wasm.I32, depth)
		g.value(wasm.I64, depth)
		g.op([]byte{0x37, 0x3c, 0x3e}[g.n(3)], 0, byte(g.n(100)))
	case 4:
		g.value(wasm.I32, depth)
		g.block(0x04, nil, depth, func() {
			if g.n(2) == 0 {
				g.op(0x05)
				g.statements(depth)
			}
		})
	case 5, 6:
		g.loop(depth)
	case 7:
		g.block(0x02, signatures()[1].Results, depth, nil) // two values
		g.op(0x1a, 0x1a)
	case 8:
		g.branch(depth)
	case 9:
		g.table(depth)
	case 10:
		g.call(g.self+1+g.n(generated), depth)
	case 11:
		g.bulk(depth)
	case 12:
		g.tableWork(depth)
	case 13:
		g.value(wasm.I32, depth)
		g.op(0x40, 0, 0x1a) // memory.grow
	}
}

// block writes block, loop or if: statements, what else adds, and the values it has.
func (g *generator) block(op byte, results []wasm.ValueType, depth int, also func()) {
	g.open(op, results)
	g.statements(depth + 1)
	if op == 0x04 && also != nil { // the first arm ends here
		g.values(results, depth)
		also()
	} else {
		g.values(results, depth)
		if also != nil {
			also()
		}
	}
	g.end()
}

func (g *generator) open(op byte, results []wasm.ValueType) {
	switch {
	case len(results) == 0:
		g.op(op, 0x40)
	case len(results) == 1:
		g.op(op, byte(results[0]))
	default:
		g.op(0x42, 0, op, 1) // the only type with two results, which takes a long
		defer g.op(0x1a)     // and drops it
	}
	g.labels = append(g.labels, results)
}

func (g *generator) end() {
	g.op(0x0b)
	g.labels = g.labels[:len(g.labels)-1]
}

// loop goes round while the budget lasts.
func (g *generator) loop(depth int) {
	g.open(0x02, nil)
	g.open(0x03, nil)
	g.spend(func() { g.op(0x0c, 2) })
	g.statements(depth)
	g.value(wasm.I32, depth)
	g.op(0x0d, 0)
	g.end()
	g.end()
}

// branch leaves some block, or the function, or not.
func (g *generator) branch(depth int) {
	at := g.n(len(g.labels))
	carried := g.labels[len(g.labels)-1-at]
	g.open(0x02, nil) // what follows a br is never reached, and has a block to be polymorphic in
	g.values(carried, depth)
	switch g.n(4) {
	case 0:
		g.op(0x0c, byte(at+1))
	case 1:
		g.labels, carried = g.labels[:len(g.labels):len(g.labels)], g.labels[0]
		g.values(carried, depth)
		g.op(0x0f)
	default:
		g.value(wasm.I32, depth)
		g.op(0x0d, byte(at+1))
		for range carried {
			g.op(0x1a)
		}
	}
	g.end()
}

// table branches by table to labels that carry the same.
func (g *generator) table(depth int) {
	var same []byte
	carried := g.labels[g.n(len(g.labels))]
	for i := range g.labels {
		if slices.Equal(g.labels[len(g.labels)-1-i], carried) {
			same = append(same, byte(i+1))
		}
	}
	g.open(0x02, nil)
	g.values(carried, depth)
	g.value(wasm.I32, depth)
	n := g.n(5)
	g.op(0x0e, byte(n))
	for range n + 1 {
		g.op(same[g.n(len(same))])
	}
	g.end()
}

// call calls a later function, by its index or through the table, and drops its results.
func (g *generator) call(function, depth int) {
	if function >= generated {
		return
	}
	t := signatures()[function]
	g.values(t.Params, depth)
	if g.n(3) == 0 {
		g.slot(depth)
		g.op(0x11, byte(function), 0)
	} else {
		g.op(0x10, byte(function))
	}
	for range t.Results {
		g.op(0x1a)
	}
}

// callFor calls a later function for its result.
func (g *generator) callFor(t wasm.ValueType, depth int) {
	for f := g.self + 1; f < generated; f++ {
		if s := signatures()[f]; len(s.Results) == 1 && s.Results[0] == t {
			g.values(s.Params, depth)
			g.op(0x10, byte(f))
			return
		}
	}
	g.leaf(t)
}

// bulk fills or copies memory, mostly within it.
func (g *generator) bulk(depth int) {
	g.value(wasm.I32, depth)
	g.value(wasm.I32, depth)
	g.value(wasm.I32, depth)
	if g.n(2) == 0 {
		g.op(0xfc, 11, 0)
	} else {
		g.op(0xfc, 10, 0, 0)
	}
}

// slot is an index of the table, mostly a good one.
func (g *generator) slot(depth int) {
	if g.n(4) == 0 {
		g.value(wasm.I32, depth)
		return
	}
	g.op(w.I32(uint32(g.n(generated)))...)
}

// tableWork changes the table. A call through it has the type of a later function, so that nobody calls back.
func (g *generator) tableWork(depth int) {
	switch g.n(5) {
	case 0:
		g.op(0xd0, 0x70)
		g.value(wasm.I32, depth)
		g.op(0x41, 15, 0x71, 0xfc, 15, 0, 0x1a) // table.grow by less than 16: metering makes tables smaller
	case 1:
		g.slot(depth)
		g.op(0xd0, 0x70)
		g.slot(depth)
		g.op(0xfc, 17, 0) // table.fill
	case 2:
		g.slot(depth)
		g.slot(depth)
		g.slot(depth)
		g.op(0xfc, 14, 0, 0) // table.copy
	case 3:
		g.slot(depth)
		g.op(0x25, 0, 0xd1, 0x1a) // table.get, ref.is_null
	case 4:
		g.slot(depth)
		g.op(0xd2, byte(g.n(generated)), 0x26, 0) // ref.func, table.set
	}
}
