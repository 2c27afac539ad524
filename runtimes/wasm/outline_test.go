package wasm_test

import (
	"bytes"
	"strings"
	"testing"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

const header = "\x00asm\x01\x00\x00\x00"

func TestReadOutline(t *testing.T) {
	m := &w.Module{}
	m.Import("env", "f", wasm.Signature("iI", "d"))
	m.ImportKind("env", "t", wasm.KindTable, []byte{byte(wasm.Funcref), 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f})
	m.ImportKind("env", "m", wasm.KindMemory, []byte{0, 1})
	m.ImportKind("env", "g", wasm.KindGlobal, []byte{byte(wasm.F32), 0})
	m.Table(2)
	m.Memory(1, 0)
	m.Memory(2, 3)
	m.Export("own", wasm.KindFunc, m.Func(wasm.Signature("f", ""), 3))
	m.Export("handed on", wasm.KindFunc, 0)
	m.Export("memory", wasm.KindMemory, 0)
	m.Start(1)
	o, err := wasm.Read(append(m.Bytes(), w.Section(0, []byte("\x04name"))...))
	if err != nil {
		t.Fatal(err)
	}
	imported := wasm.FuncType{Params: []wasm.ValueType{wasm.I32, wasm.I64}, Results: []wasm.ValueType{wasm.F64}}
	if len(o.Imports) != 4 || !o.Imports[0].Type.Equal(imported) || o.Imports[0].Module != "env" || o.Imports[0].Name != "f" ||
		o.Imports[1].Kind != wasm.KindTable || o.Imports[2].Kind != wasm.KindMemory || o.Imports[3].Kind != wasm.KindGlobal {
		t.Errorf("imports %+v", o.Imports)
	}
	if len(o.Memories) != 2 || o.Memories[0] != (wasm.Memory{Min: 1, Max: wasm.PageLimit}) || o.Memories[1] != (wasm.Memory{Min: 2, Max: 3}) {
		t.Errorf("memories %+v", o.Memories)
	}
	if len(o.Exports) != 3 || o.Exports[0].Imported || o.Exports[0].Type.String() != "(f32) -> ()" || !o.Exports[1].Imported ||
		o.Exports[1].Type.String() != "(i32, i64) -> (f64)" || o.Exports[2].Kind != wasm.KindMemory {
		t.Errorf("exports %+v", o.Exports)
	}
	if !o.Start {
		t.Error("the start section was not seen")
	}
}

func TestReadRefuses(t *testing.T) {
	section := func(id byte, content string) string { return header + string(w.Section(id, []byte(content))) }
	types := section(1, "\x01\x60\x00\x00")
	after := func(id byte, content string) string { return types + string(w.Section(id, []byte(content))) }
	for _, tt := range []struct{ name, module, reason string }{
		{"nothing", "", "not a core"},
		{"a component", "\x00asm\x0d\x00\x01\x00", "not a core"},
		{"too large", header + strings.Repeat("\x00", wasm.MaxSize), "at most 16777216"},
		{"unknown section", section(13, ""), "section 13 is unknown"},
		{"section twice", types + types[8:], "repeated"},
		{"out of order", section(3, "\x00") + types[8:], "out of order"},
		{"section cut", header + "\x01\x05\x01", "unexpected end"},
		{"size of a section missing", header + "\x01", "unexpected end"},
		{"size of 2^35", header + "\x01\xff\xff\xff\xff\xff\x01", "32 bits"},
		{"size of 2^32", header + "\x01\x80\x80\x80\x80\x10", "32 bits"},
		{"more types than bytes", section(1, "\x05\x60\x00\x00"), "more than there are bytes"},
		{"more functions than bytes", after(3, "\xff\xff\xff\xff\x0f"), "functions, at most"},
		{"more table entries than bytes", after(4, "\xff\xff\xff\xff\x0f"), "tables, at most"},
		{"more data than bytes", after(11, "\xff\xff\xff\xff\x0f"), "data segments, at most"},
		{"more parameters than bytes", section(1, "\x01\x60\xff\xff\xff\xff\x0f"), "values, at most"},
		{"bytes after the last type", section(1, "\x01\x60\x00\x00\x00"), "bytes too many"},
		{"a type that is no function's", section(1, "\x01\x5f\x00"), "form 0x5f"},
		{"function of no type", after(3, "\x01\x01"), "out of range"},
		{"import of no type", after(2, "\x01\x00\x00\x00\x01"), "out of range"},
		{"import of unknown kind", after(2, "\x01\x00\x00\x04\x00\x00"), "unknown kind 4"},
		{"name longer than the file", after(2, "\x01\xff\xff\xff\xff\x0f"), "bytes of a name"},
		{"export of no function", after(7, "\x01\x00\x00\x00"), "out of range"},
		{"shared memory", after(5, "\x01\x03\x01\x01"), "flag 0x3"},
		{"64-bit memory", after(5, "\x01\x04\x01"), "flag 0x4"},
		{"memory that shrinks", after(5, "\x01\x01\x02\x01"), "2 to 1 pages"},
		{"memory over 4 GiB", after(5, "\x01\x01\x01\x81\x80\x04"), "pages"},
		{"2^32 locals", after(3, "\x01\x00") + string(w.Section(10, []byte("\x01\x08\x01\xff\xff\xff\xff\x0f\x7f\x0b"))), "locals"},
		{"many groups of locals", after(3, "\x01\x00") + string(w.Section(10, []byte("\x01\x0c\x02\xd0\x86\x03\x7f\xd0\x86\x03\x7f\x0b\x0b\x0b"))), "locals"},
		{"functions without bodies", after(3, "\x01\x00"), "1 functions have 0 bodies"},
		{"announced data that is not there", section(12, "\x01"), "1 data segments are announced"},
		{"a value from a mutable global", section(2, "\x01\x00\x00\x03\x7f\x01") + string(w.Section(6, []byte("\x01\x7f\x00\x23\x00\x0b"))), "mutable"},
		{"a value from a global of its own", section(6, "\x02\x7f\x00\x41\x00\x0b\x7f\x00\x23\x00\x0b"), "imported global 0 is out of range"},
		{"body longer than its section", after(3, "\x01\x00") + string(w.Section(10, []byte("\x01\x09\x00"))), "unexpected end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := wasm.Read([]byte(tt.module))
			if o != nil || err == nil || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("%v, error %v, want %q", o, err, tt.reason)
			}
		})
	}
}

// A linker pads its numbers; that is no reason to refuse.
// A head has everything but the code, whatever that is, and cannot be metered.
func TestReadHead(t *testing.T) {
	m := &w.Module{}
	m.Import("env", "f", wasm.Signature("iI", "d"))
	m.Memory(2, 3)
	m.Data(5, []byte("data"))
	m.Export("own", wasm.KindFunc, m.RawFunc(wasm.Signature("f", ""), []byte{0xff, 0xff}))
	if _, err := wasm.Read(m.Bytes()); err == nil {
		t.Fatal("nonsense was read as code")
	}
	o, err := wasm.ReadHead(m.Bytes())
	if err != nil || len(o.Imports) != 1 || len(o.Exports) != 1 || len(o.Memories) != 1 || o.Exports[0].Type.String() != "(f32) -> ()" {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := wasm.Meter(m.Bytes(), o, wasm.MeterConfig{Pages: 3}); err == nil {
		t.Error("a head was metered")
	}
	b := m.Bytes()
	for name, bad := range map[string][]byte{"nothing": nil, "cut": b[:len(b)-1], "an unknown section": append(b, 13, 0), "one too many": append(b, b[8:]...)} {
		if _, err := wasm.ReadHead(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestReadPaddedNumbers(t *testing.T) {
	if _, err := wasm.Read([]byte(header + "\x01\x88\x80\x80\x80\x00\x81\x80\x80\x80\x00\x60\x00\x00")); err != nil {
		t.Error(err)
	}
}

func TestRequests(t *testing.T) {
	read := func(m *w.Module) *wasm.Outline {
		o, err := wasm.Read(m.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	m := &w.Module{}
	for _, name := range []string{"log", "sign", "sign", "read", "exec"} {
		m.Import(abi.Module, name, wasm.Signature("", ""))
	}
	m.Import("elsewhere", "infer", wasm.Signature("", ""))
	if o := read(m); o.Capabilities() != abi.GrantsOf(abi.Log, abi.Sign) || o.WASI() {
		t.Errorf("asks for %v, WASI %v; want log and sign", o.Capabilities(), o.WASI())
	}
	m.Import(abi.WASIModule, "fd_write", wasm.Signature("", ""))
	if !read(m).WASI() {
		t.Error("WASI was not seen")
	}
}

func FuzzRead(f *testing.F) {
	m := &w.Module{}
	m.Import("env", "f", wasm.Signature("iI", "d"))
	m.Memory(1, 2)
	m.Export("f", wasm.KindFunc, m.Func(wasm.Signature("f", ""), 3))
	f.Add(m.Bytes())
	f.Fuzz(func(t *testing.T, module []byte) {
		before := bytes.Clone(module)
		o, err := wasm.Read(module)
		if !bytes.Equal(before, module) {
			t.Error("reading changed the module")
		}
		if (o == nil) != (err != nil) {
			t.Errorf("outline %v with error %v", o, err)
		}
		if entries := func() int { return len(o.Imports) + len(o.Exports) + len(o.Memories) }; err == nil && entries() > len(module) {
			t.Error("more entries than bytes")
		}
	})
}
