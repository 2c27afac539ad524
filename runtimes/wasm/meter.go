package wasm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// What Meter adds to a module. Names that start like these are refused in a module of anyone else.
const (
	YieldModule = "__bulkhead"
	YieldName   = "yield"            // (counter i64) -> i64
	ExportFuel  = "__bulkhead_fuel"  // mutable i64: units until the next yield
	ExportStack = "__bulkhead_stack" // mutable i32: words of call stack left

	// Version names what Meter does. It changes with Meter's output, so that no older one is taken for it.
	Version = "7"

	// StackBudget is what ExportStack MUST be when a run starts: the words that frames may take, 8 MiB on 64-bit machines.
	StackBudget = 1 << 20
	// StackOverflow is the counter that yield gets for a call stack over its budget. Other counters lie far above.
	StackOverflow = math.MinInt64
)

// GlobalName is the export of the nth mutable global of a number type.
func GlobalName(n int) string { return fmt.Sprintf("__bulkhead_g%d", n) }

// MeterConfig is what the host allows.
type MeterConfig struct {
	Pages uint32 // of memory, at most PageLimit
}

// Metered is a module that stops when it is told to.
type Metered struct {
	Wasm       []byte
	Globals    []string // exported mutable globals of number types, beside fuel and stack: state that Reset restores
	Restorable bool     // memory and Globals are all the state there is
}

// Meter rewrites a module that Read has accepted, with its outline, and that an engine found valid as it is. The result
// does what the module did, and also:
//
//   - counts fuel down at function entries, loop headers and where paths part (see weight), and calls yield with the counter
//     when a function entry or a loop header finds it below zero; what yield returns is the next counter, and what ExportFuel is then. Bulk memory, table
//     and grow instructions are charged by size before they run, and long ones are cut up, so that yield is never far;
//   - counts the words of the call stack, and calls yield with StackOverflow instead of going deeper than StackBudget;
//   - has no memory over c.Pages and no table over MaxElements, and no custom sections;
//   - exports what a host needs to restore its state.
//
// No instruction of the module can name what was added. The same input gives the same bytes, and so the same fuel, on
// every engine. It costs O(len(module)) time and memory.
func Meter(module []byte, o *Outline, c MeterConfig) (*Metered, error) {
	if o.head {
		return nil, errors.New("metering: the outline is a head alone")
	}
	m := newMeter(module, o, c)
	code := m.code()
	if m.err != nil {
		return nil, fmt.Errorf("metering: %w", m.err)
	}
	out := append(make([]byte, 0, len(module)+len(module)/2), header...)
	for _, id := range []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11} {
		content := code
		if id != sectionCode {
			content = m.section(id)
		}
		if m.err != nil {
			return nil, fmt.Errorf("metering section %s: %w", sectionName(id), m.err)
		}
		if len(content) > 0 {
			out = append(out, id)
			out = binary.AppendUvarint(out, uint64(len(content)))
			out = append(out, content...)
		}
	}
	restorable := !o.unfit && o.imported.globals == 0 && o.imported.memories == 0 && o.imported.tables == 0
	return &Metered{Wasm: out, Globals: m.names, Restorable: restorable}, nil
}

// A meter rewrites one module.
type meter struct {
	*Outline
	file  []byte
	pages uint32 // of memory
	err   error

	types [][]byte // added
	yield uint32   // index of the import
	fuel  uint32   // index of the global
	stack uint32   // index of the global
	names []string // of globals

	places    [5]asidePlace
	asides    []*asidePlace // whose globals they are, by order, behind stack
	setAsides int           // so far

	helpers [helperCount]uint32 // their indices
}

func newMeter(module []byte, o *Outline, c MeterConfig) *meter {
	m := &meter{Outline: o, file: module, pages: min(c.Pages, PageLimit), places: asidePlaces()}
	m.yield = uint32(o.imported.functions)
	m.fuel = uint32(len(o.globals))
	m.stack = m.fuel + 1
	for _, g := range o.globals[o.imported.globals:] {
		if g.mutable && g.value.number() {
			m.names = append(m.names, GlobalName(len(m.names)))
		}
	}
	m.typeIndex(yieldType()) // before the type section is written
	for h, t := range helperTypes() {
		m.typeIndex(t)
		m.helpers[h] = uint32(len(o.functions) + 1 + h)
	}
	return m
}

// moved is the new index of a function: the import of yield comes before those that the module defines.
func (m *meter) moved(function uint32) uint32 {
	if function < m.yield {
		return function
	}
	return function + 1
}

// typeIndex adds a type.
func (m *meter) typeIndex(t FuncType) uint32 {
	encoded := appendType(nil, t)
	for i, known := range m.types {
		if string(known) == string(encoded) {
			return uint32(len(m.Outline.types) + i)
		}
	}
	m.types = append(m.types, encoded)
	return uint32(len(m.Outline.types) + len(m.types) - 1)
}

func appendType(dst []byte, t FuncType) []byte {
	dst = append(dst, 0x60)
	for _, values := range [][]ValueType{t.Params, t.Results} {
		dst = binary.AppendUvarint(dst, uint64(len(values)))
		for _, v := range values {
			dst = append(dst, byte(v))
		}
	}
	return dst
}

// memory is the memory that the module defines, if any, with the maximum that it will have.
func (m *meter) memory() (Memory, bool) {
	if len(m.Memories) == 0 {
		return Memory{Max: m.pages}, false
	}
	mem := m.Memories[0]
	return Memory{Min: mem.Min, Max: max(mem.Min, min(mem.Max, m.pages))}, true
}
