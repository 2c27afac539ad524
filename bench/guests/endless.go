package guests

import (
	"bytes"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// An Endless guest does not end by itself within any patience. Plugin is it for ABI v1, Extism for that host's function
// Spin.
type Endless struct {
	Name           string
	Plugin, Extism []byte
}

// Spin is the function that an Extism guest exports.
const Spin = "spin"

// Hosted is the name of the guest that is endless in its host.
const Hosted = "host calls without loops"

// Endlesses are the ways not to end: round and round; in calls, two of each, sixty deep, without any loop; in one long
// line of instructions that each take milliseconds; and in one of calls to the host, which takes a millisecond for each.
func Endlesses() []Endless {
	return []Endless{
		endless("loop", 1, func(*w.Module) []byte { return w.Loop(w.Br(0)) }),
		endless("call tree without loops", 1, func(m *w.Module) []byte {
			self := m.Func(wasm.Signature("i", ""), 0, w.Get(0), w.If(less1(), less1()))
			return join(w.I32(60), w.Call(self))
		}),
		endless("bulk memory without loops", fillPages, func(*w.Module) (code []byte) {
			for range fills {
				code = join(code, w.I32(0), w.I32(0), w.I32(fillPages*page), w.Fill())
			}
			return code
		}),
		hosted(),
	}
}

// hosted is the last: each host has a function type of its own.
func hosted() Endless {
	m := &w.Module{}
	call := importAudit(m)
	plugin := plugin(m, 1, bytes.Repeat(call, hostCalls), w.I64(0))
	m = &w.Module{}
	call = importExtism(m)
	m.Export(Spin, wasm.KindFunc, m.Func(wasm.Signature("", "i"), 0, bytes.Repeat(call, hostCalls), w.I32(0)))
	return Endless{Hosted, plugin, m.Bytes()}
}

// The fills of the last take ten seconds on any machine: half a terabyte in all.
const (
	fillPages = 1024
	fills     = 8_192
	hostCalls = 10_000
)

// less1 is a call of function 0 with one less.
func less1() []byte { return join(w.Get(0), w.I32(1), w.Do(sub32), w.Call(0)) }

func endless(name string, pages uint32, build func(m *w.Module) []byte) Endless {
	m := &w.Module{}
	plugin := plugin(m, pages, build(m), w.I64(0))
	m = &w.Module{}
	spin := m.Func(wasm.Signature("", "i"), 0, build(m), w.I32(0))
	m.Memory(pages, 0)
	m.Export("memory", wasm.KindMemory, 0)
	m.Export(Spin, wasm.KindFunc, spin)
	return Endless{name, plugin, m.Bytes()}
}
