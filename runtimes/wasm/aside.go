package wasm

// While a leaf yields, what its function's locals hold lies in globals, set aside:
//
//	global = local, for each
//	counter = yield(counter) + weight
//	local = global, for each
//
// To an engine they are other values afterwards, so that none lives across the call. An engine keeps in memory what lives
// across a call, wasmtime's all the time: a scalar product in floats took it 2.5 times as long, for a yield in one of two
// hundred rounds.
//
// Which locals these are is a matter of speed alone: one that stays lives across the call, as in any program. Only what the loop
// uses is worth it, and a local that every round writes before it is read holds nothing at the header. The globals are
// nobody's: no instruction of the module can name one, and nothing reads what lies in them between two yields.
type aside struct{ local, global uint32 }

// Bounds of what is set aside; all else lives across the call. It is code that an engine must compile, and a module can
// have many leaves.
const (
	asideMost = 16     // locals of one type in a leaf
	asideAll  = 10_000 // of all leaves; kernels have some hundreds
)

// An asidePlace is the list of globals of one type.
type asidePlace struct {
	value   ValueType
	zero    []byte // a constant expression, without its end
	globals []uint32
}

func asidePlaces() [5]asidePlace {
	return [...]asidePlace{
		{value: V128, zero: append([]byte{opVector, 12}, make([]byte, 16)...)},
		{value: F64, zero: append([]byte{opF64Const}, make([]byte, 8)...)},
		{value: F32, zero: append([]byte{opF32Const}, make([]byte, 4)...)},
		{value: I64, zero: []byte{opI64Const, 0}},
		{value: I32, zero: []byte{opI32Const, 0}},
	}
}

// setAside returns what the open leaf sets aside.
func (f *function) setAside() (all []aside) {
	carried, local := f.carried(), uint32(0)
	var used [len(f.places)]int
	add := func(t ValueType) {
		if carried[local] {
			for i := range f.places {
				if p := &f.places[i]; p.value == t && used[i] < asideMost && f.setAsides < asideAll {
					all = append(all, aside{local, f.asideGlobal(p, used[i])})
					used[i]++
					f.setAsides++
				}
			}
		}
		local++
	}
	for _, t := range f.params {
		add(t)
	}
	r := reader{file: f.file, at: f.body.at, end: f.body.code}
	for groups := r.u32(); groups > 0; groups-- {
		count := r.u32()
		for t := ValueType(r.byte()); count > 0; count-- {
			add(t)
		}
	}
	return all
}

// asideGlobal returns the nth global of a place, and makes it if it is the next one.
func (m *meter) asideGlobal(p *asidePlace, n int) uint32 {
	if n == len(p.globals) {
		p.globals = append(p.globals, m.stack+1+uint32(len(m.asides)))
		m.asides = append(m.asides, p)
	}
	return p.globals[n]
}

// carried says which locals hold something at the header of the open leaf that the leaf may read.
func (f *function) carried() []bool {
	carried, written := make([]bool, f.counter), make([]bool, f.counter)
	c, straight := f.reader(), true
	c.at, c.labels = f.leaf.at, uint32(f.leaf.depth-1)
	var i instr
	c.next(&i) // the loop
	for within := c.labels; c.labels >= within && c.err == nil; {
		switch c.next(&i); i.op {
		case opLocalGet:
			carried[i.x] = carried[i.x] || !written[i.x]
		case opLocalSet, opLocalTee:
			if !straight && !written[i.x] {
				carried[i.x] = true // a round may pass without
			}
			written[i.x] = true
		case opBlock, opLoop, opIf, opElse, opBr, opBrIf, opBrTable, opReturn:
			straight = false
		}
	}
	return carried
}

// store writes what comes before a leaf's yield, and load what comes behind it.
func (f *function) store(all []aside) {
	for _, a := range all {
		f.with(opLocalGet, a.local)
		f.with(opGlobalSet, a.global)
	}
}

func (f *function) load(all []aside) {
	for _, a := range all {
		f.with(opGlobalGet, a.global)
		f.with(opLocalSet, a.local)
	}
}
