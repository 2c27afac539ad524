// Package wasmbuild writes small WebAssembly modules, valid or not, for tests.
package wasmbuild

import (
	"bytes"
	"slices"

	"bulkhead/runtimes/wasm"
)

// A Module is under construction. Its zero value is empty. Import everything before adding the first function.
type Module struct {
	types                                                      []wasm.FuncType
	functions                                                  [][]byte // type index of each
	imports, memories, tables, globals, exports, bodies, datas [][]byte
	elements                                                   [][]byte
	imported                                                   uint32
	start                                                      []byte
}

// Import adds a function import and returns its index.
func (m *Module) Import(module, name string, t wasm.FuncType) uint32 {
	m.ImportKind(module, name, wasm.KindFunc, u32(m.TypeIndex(t)))
	m.imported++
	return m.imported - 1
}

// ImportKind adds an import of any kind; description is what follows the kind in the binary format.
func (m *Module) ImportKind(module, name string, kind wasm.Kind, description []byte) {
	m.imports = append(m.imports, join(text(module), text(name), []byte{byte(kind)}, description))
}

// Func adds a function with i32 locals beside its parameters and returns its index.
func (m *Module) Func(t wasm.FuncType, locals uint32, code ...[]byte) uint32 {
	return m.RawFunc(t, join([]byte{1}, u32(locals), []byte{byte(wasm.I32)}, join(code...), []byte{0x0b}))
}

// RawFunc adds a function whose body, locals included, is written by hand.
func (m *Module) RawFunc(t wasm.FuncType, body []byte) uint32 {
	m.functions = append(m.functions, u32(m.TypeIndex(t)))
	m.bodies = append(m.bodies, join(u32(uint32(len(body))), body))
	return m.imported + uint32(len(m.functions)) - 1
}

// Memory adds a memory of at least low pages. If high is not 0, it is the most.
func (m *Module) Memory(low, high uint32) {
	if high == 0 {
		m.RawMemory(join([]byte{0}, u32(low)))
		return
	}
	m.RawMemory(join([]byte{1}, u32(low), u32(high)))
}

// RawMemory adds a memory by its limits in the binary format.
func (m *Module) RawMemory(limits []byte) { m.memories = append(m.memories, limits) }

// Table adds a table of functions with low elements, all null.
func (m *Module) Table(low uint32) {
	m.tables = append(m.tables, join([]byte{byte(wasm.Funcref), 0}, u32(low)))
}

// Global adds a mutable i32, which no one outside can reach unless it is exported, and returns its index. init is its constant expression, without end.
func (m *Module) Global(init []byte) uint32 {
	m.globals = append(m.globals, join([]byte{byte(wasm.I32), 1}, init, []byte{0x0b}))
	return uint32(len(m.globals)) - 1
}

// Constant adds an i32 that nobody can change, and returns its index.
func (m *Module) Constant(init []byte) uint32 {
	m.globals = append(m.globals, join([]byte{byte(wasm.I32), 0}, init, []byte{0x0b}))
	return uint32(len(m.globals)) - 1
}

// Data puts b at an address when the module is instantiated.
func (m *Module) Data(address uint32, b []byte) {
	m.datas = append(m.datas, join([]byte{0}, I32(address), []byte{0x0b}, u32(uint32(len(b))), b))
}

// Elements puts functions into table 0 from its start on when the module is instantiated.
func (m *Module) Elements(functions ...uint32) {
	all := u32(uint32(len(functions)))
	for _, f := range functions {
		all = append(all, u32(f)...)
	}
	m.elements = append(m.elements, join([]byte{0}, I32(0), []byte{0x0b}, all))
}

// Export names something.
func (m *Module) Export(name string, kind wasm.Kind, index uint32) {
	m.exports = append(m.exports, join(text(name), []byte{byte(kind)}, u32(index)))
}

// Start names the start function.
func (m *Module) Start(function uint32) { m.start = u32(function) }

// Bytes returns the module in the binary format.
func (m *Module) Bytes() []byte {
	var types [][]byte
	for _, t := range m.types {
		types = append(types, join([]byte{0x60}, values(t.Params), values(t.Results)))
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range []struct {
		id      byte
		entries [][]byte
	}{
		{1, types}, {2, m.imports}, {3, m.functions}, {4, m.tables}, {5, m.memories}, {6, m.globals}, {7, m.exports},
		{8, nil}, {9, m.elements}, {10, m.bodies}, {11, m.datas},
	} {
		switch {
		case s.id == 8 && m.start != nil:
			out = append(out, Section(8, m.start)...)
		case len(s.entries) > 0:
			out = append(out, Section(s.id, join(u32(uint32(len(s.entries))), join(s.entries...)))...)
		}
	}
	return out
}

// Section frames the content of a section.
func Section(id byte, content []byte) []byte {
	return join([]byte{id}, u32(uint32(len(content))), content)
}

// TypeIndex returns the index of a type, which it adds if it is new.
func (m *Module) TypeIndex(t wasm.FuncType) uint32 {
	if i := slices.IndexFunc(m.types, t.Equal); i >= 0 {
		return uint32(i)
	}
	m.types = append(m.types, t)
	return uint32(len(m.types)) - 1
}

func values(types []wasm.ValueType) []byte {
	out := u32(uint32(len(types)))
	for _, t := range types {
		out = append(out, byte(t))
	}
	return out
}

func text(s string) []byte { return join(u32(uint32(len(s))), []byte(s)) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
