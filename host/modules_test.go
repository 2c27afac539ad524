package main

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// Where the small guests keep things.
const (
	guestOut   = 1024
	guestInput = 8192
	guestRoom  = 1 << 16 // a page for answers of capabilities
)

// smallModules are plugins in a few instructions each, most of them hostile, by name.
func smallModules() map[string]func() []byte {
	return map[string]func() []byte{
		"echo":      func() []byte { return guest(1, w.Get(0), w.Get(1), w.Pack(2)) },
		"relaxed":   relaxed,
		"trap":      func() []byte { return guest(1, w.Do(w.Unreachable), w.I64(0)) },
		"loop":      func() []byte { return guest(1, w.Loop(w.Br(0)), w.I64(0)) },
		"far":       func() []byte { return guest(1, w.I32(0xfffffff0), w.I32(64), w.Pack(2)) },
		"babble":    func() []byte { return guest(300, w.I32(0), w.I32(abi.MaxAnswer+1), w.Pack(2)) },
		"complain":  func() []byte { return guest(1, w.I64(guestInput<<32|1<<31|4)) },
		"binary":    func() []byte { return says("\xff\xfe\x1b[2J") },
		"recurse":   recurse,
		"leak":      leak,
		"moody":     moody,
		"gather":    gather,
		"flood":     flood,
		"obedient":  obedient,
		"signer":    func() []byte { return answers(abi.Sign, w.I32(0), w.Get(0), w.Get(1)) },
		"attester":  func() []byte { return answers(abi.Attest, w.Get(0), w.Get(1)) },
		"asker":     func() []byte { return answers(abi.Infer, w.I32(0), w.Get(0), w.Get(1)) },
		"printer":   printer,
		"stillborn": stillborn,
		"laborious": laborious,
		"dice":      dice,
	}
}

// guest is a module of so many pages whose handle(ptr, len) is the body, with one i32 to spare.
func guest(pages uint32, body ...[]byte) []byte { return finish(&w.Module{}, pages, body...) }

func finish(m *w.Module, pages uint32, body ...[]byte) []byte {
	m.Memory(pages, 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(guestInput)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 1, body...))
	return m.Bytes()
}

// relaxed echoes, after a relaxed dot product.
func relaxed() []byte {
	const sixteen = "\xfd\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
	return guest(1, []byte(sixteen+sixteen+"\xfd\x92\x02"), w.Do(w.Drop), w.Get(0), w.Get(1), w.Pack(2))
}

func says(words string) []byte {
	m := &w.Module{}
	m.Data(guestOut, []byte(words))
	return finish(m, 1, w.I64(guestOut<<32|uint64(len(words))))
}

// importOf imports a host function of ABI v1.
func importOf(m *w.Module, c abi.Capability) uint32 {
	for _, i := range abi.Imports() {
		if i.Name == c.String() {
			return m.Import(abi.Module, i.Name, wasm.Signature(i.Params, i.Results))
		}
	}
	panic("no such function")
}

// answers has a capability answer, given the parameters before out and cap.
func answers(c abi.Capability, parameters ...[]byte) []byte {
	m := &w.Module{}
	f := importOf(m, c)
	body := append(parameters, w.I32(guestRoom), w.I32(guestRoom), w.Call(f), w.Set(2), w.I32(guestRoom), w.Get(2), w.Pack(2))
	return finish(m, 2, body...)
}

// recurse calls itself without end.
func recurse() []byte {
	m := &w.Module{}
	m.Func(wasm.Signature("", ""), 0, w.Call(0))
	return finish(m, 1, w.Call(0), w.I64(0))
}

// leak counts its calls, in a global and in memory, and answers both digits.
func leak() []byte {
	m := &w.Module{}
	count := m.Global(w.I32('0'))
	m.Data(guestOut, []byte("00"))
	return finish(m, 1, counting(count,
		w.I32(guestOut), w.I32(guestOut), w.Load8(0), w.I32(1), w.Do(w.Add32), w.GlobalGet(count), w.I32(256), w.Do(mul32), w.Do(w.Add32), w.Store32(0),
		w.I64(guestOut<<32|2))...)
}

// moody traps from the second call on that reaches the same instance.
func moody() []byte {
	m := &w.Module{}
	count := m.Global(w.I32(0))
	return finish(m, 1, counting(count, w.GlobalGet(count), w.I32(2), w.Do(equal32), w.If(w.Do(w.Unreachable)), w.I64(0))...)
}

const (
	mul32   w.Op = 0x6c
	equal32 w.Op = 0x46
)

func counting(global uint32, body ...[]byte) [][]byte {
	return append([][]byte{w.GlobalGet(global), w.I32(1), w.Do(w.Add32), w.GlobalSet(global)}, body...)
}

// gather grows its memory by 100 pages for each call.
func gather() []byte { return guest(1, w.I32(100), w.Grow(), w.Do(w.Drop), w.I64(0)) }

// obedient answers the first bytes of its configuration.
func obedient() []byte {
	m := &w.Module{}
	m.Export(abi.ExportConfigure, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 0, w.I32(guestOut), w.Get(0), w.Load32(0), w.Store32(0), w.I64(0)))
	return finish(m, 1, w.I64(guestOut<<32|4))
}

// flood writes 20,000 log lines and audit objects.
func flood() []byte {
	m := &w.Module{}
	log, audit := importOf(m, abi.Log), importOf(m, abi.Audit)
	m.Data(guestOut, []byte(`{"flood":true}`))
	return finish(m, 1, w.I32(20000), w.Set(2), w.Loop(
		w.I32(1), w.I32(guestOut), w.I32(14), w.Call(log),
		w.I32(guestOut), w.I32(14), w.Call(audit), w.Do(w.Drop),
		w.Get(2), w.I32(0xffffffff), w.Do(w.Add32), w.Tee(2), w.BrIf(0)), w.I64(0))
}

// printer writes its request to standard output, through WASI.
func printer() []byte {
	m := &w.Module{}
	write := m.Import(abi.WASIModule, "fd_write", wasm.Signature("iiii", "i"))
	return finish(m, 1,
		w.I32(guestOut), w.Get(0), w.Store32(0), w.I32(guestOut), w.Get(1), w.Store32(4),
		w.I32(1), w.I32(guestOut), w.I32(1), w.I32(guestOut+16), w.Call(write), w.Do(w.Drop), w.I64(0))
}

// stillborn never ends to initialize.
func stillborn() []byte {
	m := &w.Module{}
	m.Export(abi.ExportInitialize, wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, w.Loop(w.Br(0))))
	return finish(m, 1, w.I64(0))
}

// laborious counts to a million before the snapshot, and does nothing in a call.
func laborious() []byte {
	m := &w.Module{}
	m.Export(abi.ExportInitialize, wasm.KindFunc, m.Func(wasm.Signature("", ""), 1, w.I32(1000000), w.Set(0), w.Loop(
		w.Get(0), w.I32(0xffffffff), w.Do(w.Add32), w.Tee(0), w.BrIf(0))))
	return finish(m, 1, w.I64(0))
}

// dice answers four random bytes.
func dice() []byte {
	m := &w.Module{}
	random := m.Import(abi.WASIModule, "random_get", wasm.Signature("ii", "i"))
	return finish(m, 1, w.I32(guestOut), w.I32(4), w.Call(random), w.Do(w.Drop), w.I64(guestOut<<32|4))
}

// moduleCommand is "module NAME FILE": one of the small modules.
func moduleCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || smallModules()[args[0]] == nil {
		ts.Fatalf("usage: module NAME FILE")
	}
	path := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, smallModules()[args[0]](), 0o644))
}
