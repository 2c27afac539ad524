package hostile

import (
	"bytes"
	"slices"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// Generated returns the attacks that are no text: lies in the binary format, bombs, and what is text only by repetition.
func Generated() []*Attack {
	return slices.Concat(preambles(), counts(), numbers(), sections(), entries(), bodies(), smuggled(), crowds(), bombs(), frames(), labour())
}

// refused is an attack that must not load.
func refused(name, what string, module ...[]byte) *Attack {
	a := defaults(name)
	a.What, a.Load, a.Wasm = what, Refused, join(module...)
	return a
}

// invalid is refused for its structure.
func invalid(name, what string, module ...[]byte) *Attack {
	a := refused(name, what, module...)
	a.Invalid = true
	return a
}

// either is an attack that may load or be refused; its calls do not matter.
func either(name, what string, module []byte) *Attack {
	a := defaults(name)
	a.What, a.Load, a.Wasm = what, Either, module
	return a
}

// called is an attack that loads, and whose call with an empty request ends as outcome.
func called(name, what string, outcome Outcome, module []byte) *Attack {
	a := defaults(name)
	a.What, a.Wasm, a.Calls = what, module, []Call{{Outcome: outcome}}
	return a
}

// guest makes a plugin of what add adds and a handler with two i32 locals beside its parameters, which are at 2 and 3.
func guest(add func(m *w.Module), handler ...[]byte) []byte {
	m := &w.Module{}
	if add != nil {
		add(m)
	}
	m.Memory(1, 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(8192)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 2, handler...))
	return m.Bytes()
}

// nothing is a handler's answer.
func nothing() []byte { return w.I64(0) }

// plain is a plugin without a fault, to be damaged.
func plain() []byte { return guest(nil, nothing()) }

const (
	preamble = "\x00asm\x01\x00\x00\x00"
	most     = "\xff\xff\xff\xff\x0f" // 2^32-1
)

// raw is a module of sections.
func raw(sections ...[]byte) []byte { return join([]byte(preamble), join(sections...)) }

// sec is a section with content given as a string.
func sec(id byte, content string) []byte { return w.Section(id, []byte(content)) }

// oneType and oneFunction declare a function of type () -> (), which body defines with its own length.
func withBody(body string) []byte {
	return raw(sec(1, "\x01\x60\x00\x00"), sec(3, "\x01\x00"), sec(5, "\x01\x00\x01"), w.Section(10, join([]byte{1}, u32(len(body)), []byte(body))))
}

func u32(n int) []byte {
	var out []byte
	for ; n > 0x7f; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func repeat(n int, code ...[]byte) []byte { return bytes.Repeat(join(code...), n) }
