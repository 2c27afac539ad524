package bundle

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// guest is a module with the exports of the ABI; change may add to it.
func guest(handle []byte, change func(m *w.Module)) string {
	m := &w.Module{}
	if change != nil {
		change(m)
	}
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(1024)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.RawFunc(wasm.Signature("ii", "I"), handle))
	return string(m.Bytes())
}

const (
	plainBody   = "\x00\x42\x00\x0b"                                                         // i64.const 0
	sixteen     = "\xfd\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10" // v128.const
	relaxedBody = "\x00" + sixteen + sixteen + "\xfd\x92\x02" + "\x1a" + "\x42\x00\x0b"      // i16x8.relaxed_dot_i8x16_i7x16_s
)

func variantSource() map[string]string {
	return map[string]string{
		"plugin.toml":         strings.Replace(authTOML, `wasm = "module.wasm"`, "relaxed_simd = true\nwasm = \"module.wasm\"\nwasm_relaxed = \"module.relaxed.wasm\"", 1),
		"module.wasm":         guest([]byte(plainBody), nil),
		"module.relaxed.wasm": guest([]byte(relaxedBody), nil),
	}
}

func variantFixture(t *testing.T) *fixture {
	f := newFixture(t)
	f.dir, f.want = build(t, variantSource()), Want{Is: "acme/auth", Role: abi.RoleAuth}
	f.publishers[0].Roles = abi.Roles()
	do(t, Sign(f.dir, key(t, 1)))
	return f
}

func TestVariants(t *testing.T) {
	f := variantFixture(t)
	b, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	source := variantSource()
	if !b.Descriptor.RelaxedSIMD || string(b.Wasm) != source["module.wasm"] || string(b.Relaxed) != source["module.relaxed.wasm"] {
		t.Errorf("%v, modules of %d and %d bytes", b.Descriptor.RelaxedSIMD, len(b.Wasm), len(b.Relaxed))
	}
	for _, m := range []Module{b.Module(false), b.Module(true)} {
		want := Module{WasmFile, hexDigest(b.Wasm), b.Wasm, false}
		if m.Relaxed {
			want = Module{RelaxedFile, hexDigest(b.Relaxed), b.Relaxed, true}
		}
		if m.File != want.File || m.Digest != want.Digest || !bytes.Equal(m.Wasm, want.Wasm) {
			t.Errorf("module %s %s", m.File, m.Digest)
		}
	}
	if b.Module(false).Relaxed || !b.Module(true).Relaxed {
		t.Error("the wrong module for an engine")
	}
	tool := newFixture(t)
	single, err := tool.open()
	do(t, err)
	if m := single.Module(true); m.Relaxed || m.File != WasmFile || single.Relaxed != nil {
		t.Errorf("a bundle of one module gives %s", m.File)
	}
}

// The second module is as signed as the first: the digest of the bundle covers it.
func TestVariantsDigest(t *testing.T) {
	one, err := Inspect(build(t, variantSource()))
	do(t, err)
	source := variantSource()
	source["module.relaxed.wasm"] = guest([]byte(plainBody), nil)
	other, err := Inspect(build(t, source))
	do(t, err)
	if one.Digest == other.Digest {
		t.Error("two bundles with different second modules have the same digest")
	}
}

func TestOpenRefusesVariants(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(f *fixture)
		want  string
	}{
		{"swapped", func(f *fixture) {
			plain, relaxed := f.read(WasmFile), f.read(RelaxedFile)
			f.write(WasmFile, string(relaxed))
			f.write(RelaxedFile, string(plain))
		}, "digest differs"},
		{"exchanged for another", func(f *fixture) { f.write(RelaxedFile, string(f.read(WasmFile))) }, "plugin.relaxed.wasm is not the file that was signed"},
		{"a byte appended", func(f *fixture) { f.write(RelaxedFile, string(f.read(RelaxedFile))+"x") }, "digest differs"},
		{"missing", func(f *fixture) { f.remove(RelaxedFile) }, `"plugin.relaxed.wasm" is missing`},
		{"too large", func(f *fixture) { do(f.t, os.Truncate(f.path(RelaxedFile), MaxWasm+1)) }, "more than"},
		{"a link", func(f *fixture) { f.remove(RelaxedFile); do(f.t, os.Symlink(WasmFile, f.path(RelaxedFile))) }, "neither file nor folder"},
		{"in a bundle of one module", func(f *fixture) {
			f.dir = build(f.t, authSource())
			do(f.t, Sign(f.dir, key(f.t, 1)))
			f.write(RelaxedFile, variantSource()["module.relaxed.wasm"])
		}, `"plugin.relaxed.wasm" is there, but the statement does not speak of it`},
		{"declared and no subject", func(f *fixture) {
			f.dir = build(f.t, authSource())
			do(f.t, Sign(f.dir, key(f.t, 1)))
			f.resign(`"security_epoch":1`, `"security_epoch":1,"relaxed_simd":true`)
			f.write(RelaxedFile, variantSource()["module.relaxed.wasm"])
		}, "1 subjects, but the descriptor speaks of 2 files"},
		{"a subject and not declared", func(f *fixture) { f.resign(`,"relaxed_simd":true`, ``) }, "2 subjects, but the descriptor speaks of 1 files"},
		{"its subject twice", func(f *fixture) { f.resign(`"name":"plugin.wasm"`, `"name":"plugin.relaxed.wasm"`) }, "stands there twice"},
		{"no module", func(f *fixture) { f.variants(guest([]byte(plainBody), nil), "garbage") }, "reading plugin.relaxed.wasm: not a core"},
		{"the first is no module", func(f *fixture) { f.variants("garbage", guest([]byte(plainBody), nil)) }, "reading plugin.wasm: not a core"},
		{"more imports", func(f *fixture) {
			f.variants(guest([]byte(plainBody), nil), guest([]byte(plainBody), importing("log", "iii", "")))
		}, `plugin.relaxed.wasm has the import "bulkhead_v1"."log" of type (i32, i32, i32) -> ()`},
		{"fewer imports", func(f *fixture) {
			f.variants(guest([]byte(plainBody), importing("log", "iii", "")), guest([]byte(plainBody), nil))
		}, `plugin.wasm has the import "bulkhead_v1"."log"`},
		{"an import of another type", func(f *fixture) {
			f.variants(guest([]byte(plainBody), importing("log", "iii", "")), guest([]byte(plainBody), importing("log", "ii", "")))
		}, `"log" of type (i32, i32, i32) -> ()`},
		{"more exports", func(f *fixture) {
			f.variants(guest([]byte(plainBody), nil), guest([]byte(plainBody), func(m *w.Module) {
				m.Export(abi.ExportConfigure, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 0, w.I64(0)))
			}))
		}, `plugin.relaxed.wasm has the export "bulkhead_v1_configure" of type (i32, i32) -> (i64)`},
		{"an export of another kind", func(f *fixture) {
			f.variants(guest([]byte(plainBody), exporting(wasm.KindGlobal)), guest([]byte(plainBody), exporting(wasm.KindFunc)))
		}, `plugin.wasm has the export "extra", a global`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := variantFixture(t)
			if _, err := f.open(); err != nil {
				t.Fatal(err)
			}
			c.spoil(f)
			_, err := f.open()
			wantRefused(t, err, c.want)
			_, err = Inspect(f.dir)
			wantRefused(t, err, c.want)
		})
	}
}

// variants signs two modules as they are.
func (f *fixture) variants(plain, relaxed string) {
	f.t.Helper()
	u, err := Inspect(f.dir)
	do(f.t, err)
	f.signed(u.Descriptor, map[string][]byte{WasmFile: []byte(plain), RelaxedFile: []byte(relaxed)})
}

func importing(name, params, results string) func(*w.Module) {
	return func(m *w.Module) { m.Import(abi.Module, name, wasm.Signature(params, results)) }
}

func exporting(kind wasm.Kind) func(*w.Module) {
	return func(m *w.Module) {
		m.Global(w.I32(0))
		m.Func(wasm.Signature("", ""), 0)
		m.Export("extra", kind, 0)
	}
}

func TestBuildRefusesVariants(t *testing.T) {
	edit := func(old, new string) func(map[string]string) {
		return func(m map[string]string) {
			if !strings.Contains(m["plugin.toml"], old) {
				t.Fatalf("%q is not in plugin.toml", old)
			}
			m["plugin.toml"] = strings.Replace(m["plugin.toml"], old, new, 1)
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(map[string]string)
		want  string
	}{
		{"a file without the key", edit("relaxed_simd = true\n", ""), "belong together"},
		{"a file against the key", edit("relaxed_simd = true", "relaxed_simd = false"), "belong together"},
		{"the key without a file", edit(`wasm_relaxed = "module.relaxed.wasm"`, ""), "belong together"},
		{"compiled and prebuilt", edit("wasm = \"module.wasm\"\n", ""), "the module without relaxed SIMD is prebuilt too"},
		{"the file is missing", func(m map[string]string) { delete(m, "module.relaxed.wasm") }, "module.relaxed.wasm: no such file"},
		{"the file is elsewhere", edit(`"module.relaxed.wasm"`, `"../module.relaxed.wasm"`), "leads out of the folder"},
		{"a misspelt key", edit("wasm_relaxed", "Wasm_relaxed"), "did you mean wasm_relaxed?"},
		{"an asset of that name", edit("capabilities", "assets = [\"plugin.relaxed.wasm\"]\ncapabilities"), "the bundle's own"},
		{"broken code in the second", func(m map[string]string) { m["module.relaxed.wasm"] = guest([]byte("\x00\xff\x0b"), nil) }, "wasm_relaxed"},
		{"relaxed SIMD in both", func(m map[string]string) { m["module.wasm"] = m["module.relaxed.wasm"] }, "relaxed SIMD"},
		{"an atomic fence in the second", func(m map[string]string) { m["module.relaxed.wasm"] = guest([]byte("\x00\xfe\x03\x00\x0b"), nil) }, "wasm_relaxed = "},
		{"two plugins", func(m map[string]string) {
			m["module.relaxed.wasm"] = guest([]byte(relaxedBody), importing("log", "iii", ""))
		}, "both are one plugin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := variantSource()
			c.spoil(source)
			_, err := Build(t.Context(), writeTree(t, source), filepath.Join(t.TempDir(), "b"))
			var invalid *Invalid
			if !errors.As(err, &invalid) || !strings.Contains(strings.Join(invalid.Problems, "\n"), c.want) {
				t.Errorf("got %v, want an *Invalid with %q", err, c.want)
			}
		})
	}
}

func TestBatch(t *testing.T) {
	one, two := "\x00\x00\x80\x3f\x00\x00\x00\x40", "\x00\x00\x40\x40\x00\x00\x80\x40" // 1, 2; 3, 4
	good := map[string]string{"module.wasm": tinyWasm, "in.bin": "abcdefgh", "out.bin": one + two}
	for _, c := range []struct{ name, batch, in, out, want string }{
		{"two of two", "batch = 2", "abcdefgh", one + two, ""},
		{"one of two", "batch = 2", "abcd", one, ""},
		{"two of one", "", "abcdefgh", one + two, "the input has 8 bytes, want 4"},
		{"three of two", "batch = 2", "abcdefghijkl", one + two + one, "want 4 for each of 1 to 2 examples"},
		{"one and a half", "batch = 2", "abcdef", one, "the input has 6 bytes"},
		{"none", "batch = 2", "", "", "the input has 0 bytes"},
		{"fewer answers", "batch = 2", "abcdefgh", one, "the output has 8 bytes, want 16"},
		{"zero", "batch = 0", "abcd", one, "batch: is 0, want 1 to 1024"},
		{"negative", "batch = -1", "abcd", one, "batch: is -1"},
		{"most", "batch = 1024", "abcd", one, ""},
		{"too many", "batch = 1025", "abcd", one, "batch: is 1025"},
		{"beyond numbers", "batch = 4294967297", "abcd", one, "out of range"},
		{"text", `batch = "2"`, "abcd", one, "want a whole number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := maps.Clone(good)
			source["plugin.toml"] = strings.Replace(modelTOML, "abi = 1", "abi = 1\n"+c.batch, 1)
			source["in.bin"], source["out.bin"] = c.in, c.out
			_, err := Build(t.Context(), writeTree(t, source), filepath.Join(t.TempDir(), "b"))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"of another role", `role = "model"`, "role = \"auth\"", "batch: belongs to plugins of role model"},
		{"of too much input", "shape = [1, 4]", "shape = [1, 8388609]", "batch: 2 examples have 16777218 bytes"},
		{"of too much output", "shape = [2]", "shape = [2097153]", "batch: 2 examples"},
	} {
		source := maps.Clone(good)
		source["plugin.toml"] = strings.Replace(strings.Replace(modelTOML, "abi = 1", "abi = 1\nbatch = 2", 1), c.old, c.new, 1)
		if _, err := Build(t.Context(), writeTree(t, source), filepath.Join(t.TempDir(), "b")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Answers of a batch are compared example by example, each with the tolerance of its element.
func TestBatchSelfTest(t *testing.T) {
	one, two := "\x00\x00\x80\x3f\x00\x00\x00\x40", "\x00\x00\x40\x40\x00\x00\x80\x40"
	source := map[string]string{
		"plugin.toml": strings.Replace(modelTOML, "abi = 1", "abi = 1\nbatch = 3", 1),
		"module.wasm": tinyWasm, "in.bin": "abcdefgh", "out.bin": one + two,
	}
	u, err := Inspect(build(t, source))
	do(t, err)
	if in, out := u.Descriptor.Sizes(); in != 4 || out != 8 || u.Descriptor.Examples() != 3 {
		t.Errorf("%d to %d bytes, %d examples", in, out, u.Descriptor.Examples())
	}
	for answer, want := range map[string]string{
		one + two:       "",
		one + one:       "example 2: element 0 of output scores is 1, want 3",
		two + one:       "example 1: element 0",
		one:             "the answer has 8 bytes, want 16",
		one + two + one: "the answer has 24 bytes, want 16",
	} {
		if err := u.SelfTests[0].Check([]byte(answer)); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
