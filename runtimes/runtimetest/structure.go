package runtimetest

import (
	"fmt"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// talkative makes a guest that logs from _initialize. Whoever loads it sees whether any of its code ran.
func talkative(also func(m *module)) []byte {
	m := &module{}
	log := m.capability("log")
	also(m)
	m.initialize(w.I32(1), w.I32(0), w.I32(1), w.Call(log))
	return m.complete(1, 0, w.I64(0))
}

// refusedUnrun is refused, and proves that no code of the guest ran.
func (s suite) refusedUnrun(t *testing.T, p runtimes.Program, words ...string) {
	t.Helper()
	h := &host{}
	p.Host = h
	s.refused(t, p, words...)
	if calls := h.seen(); len(calls) > 0 {
		t.Errorf("guest code ran: the host saw %v", calls)
	}
}

func (s suite) imports(t *testing.T) {
	t.Run("the proof works", func(t *testing.T) {
		h := &host{}
		s.load(t, program(talkative(func(*module) {}), h))
		if len(h.seen()) != 1 {
			t.Error("the talkative guest said nothing")
		}
	})
	t.Run("ungranted", func(t *testing.T) {
		for _, c := range abi.GrantsOf(abi.Audit, abi.Sign, abi.Attest, abi.Infer).List() {
			p := program(talkative(func(m *module) { m.capability(c.String()) }), nil)
			p.Grants &^= abi.GrantsOf(c)
			s.refusedUnrun(t, p, `"`+c.String()+`"`, "not granted")
		}
		p := program(talkative(func(*module) {}), nil)
		p.Grants &^= abi.GrantsOf(abi.Log)
		s.refusedUnrun(t, p, `"log"`, "not granted")
	})
	t.Run("wasi undeclared", func(t *testing.T) {
		p := program(talkative(func(m *module) { m.Import(abi.WASIModule, "sched_yield", wasm.Signature("", "i")) }), nil)
		p.WASI = false
		s.refusedUnrun(t, p, "sched_yield", "wasi = true")
	})
	t.Run("unknown names", func(t *testing.T) {
		none := wasm.Signature("", "")
		for _, name := range [][2]string{
			{abi.Module, "exec"}, {abi.Module, "Log"}, {abi.Module, "log\x00"}, {abi.Module, "log "}, {abi.Module, "lоg"},
			{abi.Module, ""}, {"bulkhead_v2", "log"}, {"Bulkhead_v1", "log"}, {"", "log"}, {"env", "memory"},
			{"wasi_unstable", "fd_write"}, {abi.WASIModule, "fd_write2"}, {"auth", abi.ExportHandle},
		} {
			s.refusedUnrun(t, program(talkative(func(m *module) { m.Import(name[0], name[1], none) }), nil), "unknown")
		}
	})
	t.Run("wrong types", func(t *testing.T) {
		for _, i := range abi.Imports() {
			for _, wrong := range [][2]string{
				{i.Params + "i", i.Results}, {i.Params[1:], i.Results}, {i.Params, i.Results + "I"}, {"I" + i.Params[1:], i.Results},
			} {
				typ := wasm.Signature(wrong[0], wrong[1])
				s.refusedUnrun(t, program(talkative(func(m *module) { m.Import(abi.Module, i.Name, typ) }), nil), `"`+i.Name+`"`, "type")
			}
		}
		p := program(talkative(func(m *module) { m.Import(abi.WASIModule, "fd_write", wasm.Signature("iii", "i")) }), nil)
		s.refusedUnrun(t, p, `"fd_write"`, "type")
	})
	t.Run("kinds", func(t *testing.T) {
		for kind, description := range map[wasm.Kind][]byte{
			wasm.KindTable: {byte(wasm.Funcref), 0, 1}, wasm.KindMemory: {0, 1}, wasm.KindGlobal: {byte(wasm.I32), 0},
		} {
			s.refusedUnrun(t, program(talkative(func(m *module) { m.ImportKind(abi.Module, "log", kind, description) }), nil), kind.String())
		}
	})
	t.Run("the same twice", func(t *testing.T) {
		h := &host{}
		s.load(t, program(talkative(func(m *module) {
			second := m.capability("log")
			yield := m.Import(abi.WASIModule, "sched_yield", wasm.Signature("", "i"))
			m.Import(abi.WASIModule, "sched_yield", wasm.Signature("", "i"))
			m.configure(w.I32(1), w.I32(0), w.I32(1), w.Call(second), w.Call(yield), w.Do(w.Drop), w.I64(0))
		}), h))
		if len(h.seen()) != 2 {
			t.Error("both imports of log must work")
		}
	})
}

func (s suite) exports(t *testing.T) {
	for _, tt := range []struct {
		name  string
		build func(m *module)
		word  string
	}{
		{"no input", func(m *module) { m.memory(1, 0); m.handle(w.I64(0)) }, abi.ExportInput},
		{"no handle", func(m *module) { m.memory(1, 0); m.input(w.I32(8)) }, abi.ExportHandle},
		{"no memory", func(m *module) { m.input(w.I32(8)); m.handle(w.I64(0)) }, "memory"},
		{"memory not exported", func(m *module) { m.Memory(1, 0); m.input(w.I32(8)); m.handle(w.I64(0)) }, abi.ExportMemory},
		{"memory by another name", func(m *module) {
			m.Memory(1, 0)
			m.Export("mem", wasm.KindMemory, 0)
			m.input(w.I32(8))
			m.handle(w.I64(0))
		}, `"mem"`},
		{"memory by a second name", func(m *module) { m.complete(1, 0, w.I64(0)); m.Export("mem", wasm.KindMemory, 0) }, `"mem"`},
		{"memory is a function", func(m *module) {
			m.Memory(1, 0)
			m.input(w.I32(8))
			m.handle(w.I64(0))
			m.function(abi.ExportMemory, "", "")
		}, abi.ExportMemory},
		{"two memories", func(m *module) { m.complete(1, 0, w.I64(0)); m.Memory(1, 0) }, "memory"},
		{"input of another type", func(m *module) {
			m.memory(1, 0)
			m.function(abi.ExportInput, "I", "i", w.I32(8))
			m.handle(w.I64(0))
		}, abi.ExportInput},
		{"handle of another type", func(m *module) {
			m.memory(1, 0)
			m.input(w.I32(8))
			m.function(abi.ExportHandle, "ii", "i", w.I32(0))
		}, abi.ExportHandle},
		{"handle is a global", func(m *module) {
			m.memory(1, 0)
			m.input(w.I32(8))
			m.Export(abi.ExportHandle, wasm.KindGlobal, m.Global(w.I32(0)))
		}, abi.ExportHandle},
		{"configure of another type", func(m *module) { m.complete(1, 0, w.I64(0)); m.function(abi.ExportConfigure, "ii", "") }, abi.ExportConfigure},
		{"_initialize of another type", func(m *module) { m.complete(1, 0, w.I64(0)); m.function(abi.ExportInitialize, "", "i", w.I32(0)) }, abi.ExportInitialize},
		{"handing on an import", func(m *module) {
			m.Export(abi.ExportInput, wasm.KindFunc, m.Import(abi.WASIModule, "fd_close", wasm.Signature("i", "i")))
			m.memory(1, 0)
			m.handle(w.I64(0))
		}, "hands on"},
		{"_initialize is a global", func(m *module) {
			m.complete(1, 0, w.I64(0))
			m.Export(abi.ExportInitialize, wasm.KindGlobal, m.Global(w.I32(0)))
		}, abi.ExportInitialize},
		{"the same name twice", func(m *module) { m.complete(1, 0, w.I64(0)); m.Export("x", 0, 0); m.Export("x", 0, 0) }, "repeated"},
		{"a reserved name", func(m *module) { m.complete(1, 0, w.I64(0)); m.Export("__bulkhead_fuel", 0, 0) }, "__bulkhead_fuel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.refusedUnrun(t, program(talkativeAlone(tt.build), nil), tt.word)
		})
	}
}

// talkativeAlone is talkative with nothing but what build adds.
func talkativeAlone(build func(m *module)) []byte {
	m := &module{}
	build(m)
	return m.Bytes()
}

func (s suite) structure(t *testing.T) {
	good := talkative(func(*module) {})
	for _, tt := range []struct {
		name   string
		module []byte
	}{
		{"nothing", nil},
		{"text", []byte("(module)")},
		{"component", []byte("\x00asm\x0d\x00\x01\x00")},
		{"version 2", []byte("\x00asm\x02\x00\x00\x00")},
		{"cut in the middle", good[:len(good)/2]},
		{"cut at the end", good[:len(good)-1]},
		{"trailing byte", append(good[:len(good):len(good)], 0)},
		{"section twice", append(good[:len(good):len(good)], w.Section(1, []byte{0})...)},
		{"2^32 functions in 15 bytes", append(good[:8:8], w.Section(3, []byte{0xff, 0xff, 0xff, 0xff, 0x0f})...)},
		{"2^32 types", append(good[:8:8], w.Section(1, []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0x60, 0, 0})...)},
		{"section longer than the file", append(good[:8:8], 1, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{"2^32 locals", withBody([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f, byte(wasm.I32), 0x0b})},
		{"body of the wrong type", withBody([]byte{0, 0x41, 0, 0x0b})},
		{"unknown instruction", withBody([]byte{0, 0xff, 0x0b})},
		{"call of a function that is not there", withBody(concat([]byte{0}, w.Call(99), []byte{0x0b}))},
	} {
		t.Run(tt.name, func(t *testing.T) { s.refusedUnrun(t, program(tt.module, nil)) })
	}
	t.Run("a name section that claims the host's name", func(t *testing.T) {
		named := append(good[:len(good):len(good)], w.Section(0, []byte("\x04name\x00\x0c\x0b"+abi.Module))...)
		call(t, s.load(t, program(named, &host{})), nil)
	})
	t.Run("what only metering would make valid", func(t *testing.T) {
		for name, module := range onlyValidMetered() {
			t.Run(name, func(t *testing.T) { s.refusedUnrun(t, program(module, nil)) })
		}
	})
	t.Run("start section", func(t *testing.T) {
		m := &module{}
		log := m.capability("log")
		m.Start(m.Func(wasm.Signature("", ""), 0, w.I32(1), w.I32(0), w.I32(1), w.Call(log)))
		s.refusedUnrun(t, program(m.complete(1, 0, w.I64(0)), nil), "start section")
	})
}

// onlyValidMetered are guests with an index that names nothing, next behind all that there is: metering adds something there.
func onlyValidMetered() map[string][]byte {
	end := byte(0x0b)
	all := map[string][]byte{
		"a global": withBody(concat([]byte{0, 0x42, 0}, w.GlobalSet(0), []byte{end})),
		"a global's type": talkative(func(m *module) {
			m.RawFunc(wasm.Signature("", ""), concat([]byte{0, 0x42, 0}, w.GlobalSet(m.Global(w.I32(0))), []byte{end}))
		}),
		"a local":             withBody(concat([]byte{0, 0x42, 0}, w.Set(0), []byte{end})),
		"a label":             withBody(concat([]byte{0}, w.Br(1), []byte{end})),
		"an exported global":  talkative(func(m *module) { m.Export("fuel", wasm.KindGlobal, 0) }),
		"the global's export": talkative(func(m *module) { m.Export("fuel", wasm.KindGlobal, 1); m.Global(w.I32(0)) }),
	}
	for _, more := range []uint32{0, 1, 2, 3} { // yield and the helpers
		// log, _initialize, input, handle and one more function
		all[fmt.Sprint("a function ", more)] = withBody(concat([]byte{0}, w.I32(0), w.Call(5+more), []byte{byte(w.Drop), end}))
		all[fmt.Sprint("an exported function ", more)] = talkative(func(m *module) { m.Export("f", wasm.KindFunc, 4+more) })
		all[fmt.Sprint("an element ", more)] = talkative(func(m *module) { m.Table(1); m.Elements(4 + more) })
		all[fmt.Sprint("a type ", more)] = talkative(func(m *module) {
			m.Table(1)
			m.RawFunc(wasm.Signature("", ""), concat([]byte{0}, w.I32(0), w.I32(0), w.CallIndirect(4+more), []byte{byte(w.Drop), end}))
		})
	}
	return all
}

// withBody is a talkative guest with one more function, of type () -> (), and that body.
func withBody(body []byte) []byte {
	return talkative(func(m *module) { m.RawFunc(wasm.Signature("", ""), body) })
}

// features: what ABI v1 has works, what it has not is refused, whatever the engine could do.
func (s suite) features(t *testing.T) {
	body := func(code ...byte) []byte { return withBody(concat([]byte{0}, code, []byte{0x0b})) }
	drop := byte(w.Drop)
	for name, module := range map[string][]byte{
		"sign extension":          body(0x41, 0, 0xc0, drop),
		"bulk memory":             body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0),
		"non-trapping conversion": body(0x43, 0, 0, 0, 0, 0xfc, 0x00, drop),
		"reference types":         body(0xd0, 0x70, drop),
		"SIMD":                    body(0x41, 0, 0xfd, 0x11, drop),
		"multi-value":             talkative(func(m *module) { m.Func(wasm.Signature("", "ii"), 0, w.I32(1), w.I32(2)) }),
	} {
		t.Run(name, func(t *testing.T) { s.load(t, program(module, &host{})) })
	}
	for name, module := range map[string][]byte{
		"atomics":       body(0x41, 0, 0x41, 0, 0xfe, 0x00, 2, 0, drop),
		"tail calls":    body(0x41, 0, 0x41, 0, 0x41, 0, 0x12, 0x00), // of log
		"relaxed SIMD":  body(0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0xfd, 0x80, 0x02, drop),
		"exceptions":    body(0x1f, 0x40, 0, 0x0b),
		"throw_ref":     body(0xd0, 0x69, 0x0a),
		"typed refs":    body(0xd0, 0x00, drop),
		"GC":            body(0x41, 0, 0xfb, 0x1c, drop),
		"wide numbers":  body(0x42, 0, 0x42, 0, 0xfc, 0x15, drop, drop),
		"shared memory": withMemory(3, 1, 1),
		"memory64":      withMemory(4, 1),
		"page size":     withMemory(8, 1, 0),
	} {
		t.Run("no "+name, func(t *testing.T) { s.refusedUnrun(t, program(module, nil)) })
	}
}

// withMemory is a guest whose memory has raw limits.
func withMemory(limits ...byte) []byte {
	m := &module{}
	m.RawMemory(limits)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.input(w.I32(inputAt))
	m.handle(w.I64(0))
	return m.Bytes()
}
