package hostile

import (
	"fmt"
	"strings"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// crowds are modules with more of something than anybody needs, or with one that is too large.
func crowds() []*Attack {
	none := wasm.Signature("", "")
	many := func(n int, add func(m *w.Module, i int)) []byte {
		return guest(func(m *w.Module) {
			for i := range n {
				add(m, i)
			}
		}, nothing())
	}
	huge := strings.Repeat("n", 200_000)
	elements := join([]byte("\x01\x00\x41\x00\x0b"), u32(1_000_000), repeat(1_000_000, []byte{0}))
	return []*Attack{
		invalid("crowd_types", "a million types", raw(w.Section(1, join(u32(1_000_000), repeat(1_000_000, []byte("\x60\x00\x00")))))),
		invalid("crowd_parameters", "1,000 types of 1,000 parameters each", raw(w.Section(1, join(u32(1000), repeat(1000, []byte{0x60}, u32(1000), repeat(1000, []byte{0x7b}), []byte{0}))))),
		invalid("crowd_results", "1,000 types of 1,000 results each", raw(w.Section(1, join(u32(1000), repeat(1000, []byte("\x60\x00"), u32(1000), repeat(1000, []byte{0x7b})))))),
		invalid("crowd_imports", "log, imported 20,000 times", many(20_000, func(m *w.Module, _ int) { m.Import("bulkhead_v1", "progress", wasm.Signature("dd", "")) })),
		invalid("crowd_functions", "a million functions without a byte", raw(sec(1, "\x01\x60\x00\x00"), w.Section(3, join(u32(1_000_000), repeat(1_000_000, []byte{0}))), w.Section(10, join(u32(1_000_000), repeat(1_000_000, []byte("\x02\x00\x0b")))))),
		invalid("crowd_tables", "1,000 tables", many(1000, func(m *w.Module, _ int) { m.Table(1) })),
		invalid("crowd_tables_minimum", "16 tables of a million elements", many(16, func(m *w.Module, _ int) { m.Table(1_000_000) })),
		invalid("crowd_memories", "1,000 memories", many(1000, func(m *w.Module, _ int) { m.Memory(1, 0) })),
		invalid("crowd_globals", "200,000 globals", many(200_000, func(m *w.Module, _ int) { m.Global(w.I32(0)) })),
		invalid("crowd_exports", "200,000 exports", guest(func(m *w.Module) {
			f := m.Func(none, 0)
			for i := range 200_000 {
				m.Export(fmt.Sprint(i), wasm.KindFunc, f)
			}
		}, nothing())),
		invalid("crowd_data", "200,000 data segments", many(200_000, func(m *w.Module, _ int) { m.Data(0, nil) })),
		invalid("crowd_elements", "a segment of a million elements", raw(sec(1, "\x01\x60\x00\x00"), sec(3, "\x01\x00"), sec(4, "\x01\x70\x00\xc0\x84\x3d"), w.Section(9, elements), sec(10, "\x01\x02\x00\x0b"))),
		invalid("crowd_element_segments", "a million segments of no element", raw(sec(4, "\x01\x70\x00\x01"), w.Section(9, join(u32(1_000_000), repeat(1_000_000, []byte("\x01\x00\x00")))))),
		invalid("crowd_export_name", "an export with a name of 200 KB", guest(func(m *w.Module) { m.Export(huge, wasm.KindFunc, m.Func(none, 0)) }, nothing())),
		invalid("crowd_locals", "1,000 functions of 50,000 locals each", many(1000, func(m *w.Module, _ int) { m.Func(none, 50_000) })),
		invalid("crowd_body", "a function of 8 MB", many(1, func(m *w.Module, _ int) { m.Func(none, 0, repeat(8_000_000, []byte{0x01})) })),
		invalid("crowd_data_outside", "10,000 data segments, the last of which lies outside", many(10_000, func(m *w.Module, i int) { m.Data(uint32(i/9999)<<17, []byte{1}) })),
	}
}
