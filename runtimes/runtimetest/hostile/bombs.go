package hostile

import (
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// bombs are small files that take an engine's compiler seconds or minutes, or gigabytes. Sizes are those at which plain
// engines gave in.
func bombs() []*Attack {
	none := wasm.Signature("", "")
	function := func(code ...[]byte) []byte { return guest(func(m *w.Module) { m.Func(none, 2, code...) }, nothing()) }
	open, end := []byte("\x02\x40"), []byte{0x0b}
	loop, choice := []byte("\x03\x40"), []byte("\x20\x00\x04\x40\x05")
	table := func(targets int, labels []byte) []byte {
		return join(w.Get(0), []byte{0x0e}, u32(targets), labels, []byte{0})
	}
	return []*Attack{
		invalid("bomb_nesting_blocks", "100,000 blocks inside each other", function(repeat(100_000, open), repeat(100_000, end))),
		invalid("bomb_nesting_loops", "100,000 loops inside each other: 25 s in wazero, 1.18 GB in wasmtime", function(repeat(100_000, loop), repeat(100_000, end))),
		invalid("bomb_nesting_ifs", "100,000 ifs inside each other", function(repeat(100_000, choice), repeat(100_000, end))),
		invalid("bomb_nesting_million", "a million blocks inside each other", function(repeat(1_000_000, open), repeat(1_000_000, end))),
		invalid("bomb_br_table", "a br_table of 500,000 targets: 25 s in wazero", function(table(500_000, make([]byte, 500_000)))),
		invalid("bomb_br_table_blocks", "a br_table to each of 1,000 blocks, 100 times", function(repeat(1000, open), repeat(100, open, table(1000, targets(1000)), end), repeat(1000, end))),
		invalid("bomb_ifs", "100,000 ifs in a row", function(repeat(100_000, choice, end))),
		invalid("bomb_phi_storm", "1,000 locals changed in each of 10,000 ifs: 16.6 s in wasmtime", phiStorm(1000, 10_000)),
		invalid("bomb_blocks", "50,000 blocks in a row, each left by a br_if", function(repeat(50_000, open, w.Get(0), w.BrIf(0), end))),
		invalid("bomb_functions", "110,000 functions of one instruction each", guest(func(m *w.Module) {
			for range 110_000 {
				m.Func(none, 0, w.I32(0), w.Do(w.Drop))
			}
		}, nothing())),
		invalid("bomb_operands", "250,000 values on the operand stack", function(repeat(250_000, w.I32(1)), repeat(250_000, w.Do(w.Drop)))),
		largest("bomb_largest_ifs", "16 MiB of functions, each with the most blocks it may have", func(m *w.Module) {
			body := join(repeat(4_900, choice, end), repeat(30_000, w.Get(0), w.Do(w.Drop)))
			for range 100 {
				m.Func(none, 1, body)
			}
		}),
		largest("bomb_largest_phis", "functions with the most locals and blocks they may have together", func(m *w.Module) {
			body := phis(200, 4_900)
			for range 8 {
				m.RawFunc(none, body)
			}
		}),
		largest("bomb_largest_nesting", "500 functions with the deepest nesting of loops", func(m *w.Module) {
			for range 500 {
				m.Func(none, 1, repeat(1000, loop, w.Get(0), w.BrIf(0)), repeat(1000, end))
			}
		}),
		largest("bomb_largest_tables", "functions with as many targets as they may have", func(m *w.Module) {
			for range 9 {
				m.Func(none, 1, repeat(1000, open), repeat(49, table(1000, targets(1000))), repeat(1000, end))
			}
		}),
		largest("bomb_largest_calls", "16 MiB of calls with 60 parameters", func(m *w.Module) {
			t := wasm.FuncType{Params: make([]wasm.ValueType, 60)}
			for i := range t.Params {
				t.Params[i] = wasm.I64
			}
			f := m.Func(t, 0)
			body := repeat(1_000, repeat(60, w.I64(1)), w.Call(f))
			for range 120 {
				m.Func(none, 0, body)
			}
		}),
	}
}

// largest is a bomb within the limits: it may load, or be refused when its budget is used up, but in bounded time.
func largest(name, what string, add func(m *w.Module)) *Attack {
	a := either(name, what, guest(add, nothing()))
	a.Large = true
	return a
}

// targets are the labels 0 to n-1.
func targets(n int) (out []byte) {
	for i := range n {
		out = append(out, u32(i)...)
	}
	return out
}

// phis is a body whose locals all change in every one of many ifs, so that each join has a value for each local.
func phis(locals, ifs int) []byte {
	var code []byte
	for i := range ifs {
		local := u32(i % locals)
		code = append(append(append(code, 0x20), local...), "\x04\x40\x41\x01\x21"...)
		code = append(append(code, local...), 0x0b)
	}
	return join([]byte{1}, u32(locals), []byte{byte(wasm.I32)}, code, []byte{0x0b})
}

func phiStorm(locals, ifs int) []byte {
	return guest(func(m *w.Module) { m.RawFunc(wasm.Signature("", ""), phis(locals, ifs)) }, nothing())
}
