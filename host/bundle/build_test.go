package bundle

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// snapshot is every file of a folder, by path.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	do(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[name] = string(data)
		return err
	}))
	return out
}

func TestBuildWritesTheBundleAlone(t *testing.T) {
	dir := build(t, toolSource())
	got := snapshot(t, dir)
	for _, name := range []string{WasmFile, statementFile, "labels.json", "testdata/seven.json", "testdata/seven.out.json"} {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
		delete(got, name)
	}
	if len(got) != 0 {
		t.Errorf("more than the bundle: %v", got)
	}
	rest, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(rest) != 1 {
		t.Errorf("beside the bundle: %v, %v", rest, err)
	}
}

// The same Go source in two folders, built under different settings.
func TestBuildGoIsReproducible(t *testing.T) {
	source := map[string]string{
		"go.mod":      "module example.org/plugin\n\ngo 1.26\n",
		"main.go":     "package main\n\n//go:wasmexport bulkhead_v1_input\nfunc input(size uint32) uint32 { return 0 }\n\nfunc main() {}\n",
		"theirs.go":   "//go:build theirs\n\npackage main\n\nfunc init() { println(\"theirs\") }\n",
		"plugin.toml": strings.Replace(authTOML, `wasm = "module.wasm"`, "wasi = true", 1),
	}
	first := snapshot(t, build(t, source))
	// A settings file of the author's speaks where no variable does.
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	do(t, err)
	t.Setenv("GOCACHE", strings.TrimSpace(string(cache)))
	t.Setenv("HOME", writeTree(t, map[string]string{".config/go/env": "GOFLAGS=-tags=theirs\n"}))
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("GOWASM", "satconv")
	t.Setenv("GOOS", "linux")
	t.Setenv("GOARCH", "amd64")
	second := snapshot(t, build(t, source))
	if len(first) != 2 || !bytes.HasPrefix([]byte(first[WasmFile]), []byte(tinyWasm)) {
		t.Fatalf("%d files, a module of %d bytes", len(first), len(first[WasmFile]))
	}
	for name := range first {
		if first[name] != second[name] {
			t.Errorf("%s differs between two builds", name)
		}
	}
	if strings.Contains(first[WasmFile], os.TempDir()) {
		t.Error("the module tells where it was built")
	}
}

func TestBuildGoFailure(t *testing.T) {
	dst := filepath.Join(t.TempDir(), "bundle")
	src := writeTree(t, map[string]string{
		"go.mod":      "module example.org/plugin\n\ngo 1.26\n",
		"main.go":     "package main\n\nfunc main() { undefined() }\n",
		"plugin.toml": strings.Replace(authTOML, `wasm = "module.wasm"`, "", 1),
	})
	_, err := Build(t.Context(), src, dst)
	if err == nil || !strings.Contains(err.Error(), "undefined") {
		t.Errorf("%v", err)
	}
	rest, err := os.ReadDir(filepath.Dir(dst))
	if err != nil || len(rest) != 0 {
		t.Errorf("a failed build left %v, %v", rest, err)
	}
}

func TestBuildReplacesABundleAlone(t *testing.T) {
	src := writeTree(t, toolSource())
	dst := filepath.Join(t.TempDir(), "bundle")
	for range 2 {
		if _, err := Build(t.Context(), src, dst); err != nil {
			t.Fatal(err)
		}
		do(t, Sign(dst, key(t, 1)))
	}
	precious := t.TempDir()
	do(t, os.WriteFile(filepath.Join(precious, "thesis.txt"), nil, 0o600))
	for _, dst := range []string{precious, filepath.Join(precious, "thesis.txt"), t.TempDir()} {
		if _, err := Build(t.Context(), src, dst); err == nil {
			t.Errorf("built over %s", dst)
		}
	}
	if got := snapshot(t, precious); len(got) != 1 {
		t.Errorf("the other folder has now %v", got)
	}
}

func TestBuildReportsAllProblems(t *testing.T) {
	source := toolSource()
	source["plugin.toml"] = `
Name = "acme/inspect"
version = "1.2"
abi = "1"
role = "tool"
security_epoch = 1
capabilities = ["log", "Sign", 1]
keys = ["report"]
assets = ["../labels.json"]
serial = 1
[[tool]]
name = "Label"
description = "Reads the digit"
input_schema = "schemas/none.json"
output_schema = "schemas/answer.json"
readonly = true
`
	_, err := Build(t.Context(), writeTree(t, source), filepath.Join(t.TempDir(), "b"))
	var invalid *Invalid
	if !errors.As(err, &invalid) {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{
		"Name: unknown key, did you mean name?", "version", "abi: want a whole number", "no capability \"Sign\"", "capabilities: entry 3: want a string",
		"serial: unknown key", "tool 1: readonly: unknown key", "keys: the capability sign", "file name \"../labels.json\"", "tool name \"Label\"", "schemas/none.json", "name: name \"\"",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not among\n%v", want, err)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	edit := func(old, new string) func(m map[string]string) {
		return func(m map[string]string) {
			if !strings.Contains(m["plugin.toml"], old) {
				t.Fatalf("%q is not in plugin.toml", old)
			}
			m["plugin.toml"] = strings.Replace(m["plugin.toml"], old, new, 1)
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(m map[string]string)
		want  string
	}{
		{"no plugin.toml", func(m map[string]string) { delete(m, "plugin.toml") }, "no such file"},
		{"no TOML", func(m map[string]string) { m["plugin.toml"] = "name = " }, "toml"},
		{"module that is none", func(m map[string]string) { m["module.wasm"] = "int main() {}" }, "not a core WebAssembly module"},
		{"module with relaxed SIMD", func(m map[string]string) { m["module.wasm"] = guest([]byte(relaxedBody), nil) }, "relaxed SIMD"},
		{"missing module", func(m map[string]string) { delete(m, "module.wasm") }, "module.wasm"},
		{"missing asset", func(m map[string]string) { delete(m, "labels.json") }, "labels.json"},
		{"module outside the folder", edit(`"module.wasm"`, `"../module.wasm"`), "module.wasm"},
		{"schema outside the folder", edit(`"schemas/label.json"`, `"/schema.json"`), "leads out"},
		{"broken schema", func(m map[string]string) { m["schemas/label.json"] = `{"type":"object",}` }, "label.json"},
		{"schema that is none", func(m map[string]string) { m["schemas/label.json"] = `{"type":"string"}` }, "root"},
		{"self-test that is no JSON", func(m map[string]string) { m["testdata/seven.out.json"] = "7 8" }, "seven.out.json"},
		{"self-test against the schema", func(m map[string]string) { m["testdata/seven.json"] = `{"image":7}` }, "want string"},
		{"self-test of another role", edit("[[selftest]]", "[[selftest]]\nrequest = \"labels.json\""), "selftest 1"},
		{"self-test of no tool", edit("[[selftest]]\ntool = \"label\"", "[[selftest]]\ntool = \"labels\""), "no tool"},
		{"stateful by number", edit("abi = 1", "abi = 1\nstateful = 1"), "stateful: want true or false"},
		{"another abi", edit("abi = 1", "abi = 2"), "abi"},
		{"no epoch", edit("security_epoch = 1", ""), "security_epoch"},
		{"huge epoch", edit("security_epoch = 1", "security_epoch = 4294967297"), "out of range"},
		{"role of nothing", edit(`role = "tool"`, `role = "Tool"`), "role"},
		{"capability of another role", edit(`role = "tool"`, `role = "policy"`), "may not have sign"},
		{"tools of another role", edit(`role = "tool"`, `role = "policy"`), "belongs to plugins of role tool"},
		{"no tools", func(m map[string]string) {
			m["plugin.toml"] = m["plugin.toml"][:strings.Index(m["plugin.toml"], "[[tool]]")]
		}, "at least one"},
		{"key slot without capability", edit(`"sign", `, ""), "keys"},
		{"capability without model slot", edit("models = [\"digits\"]\n", ""), "models"},
		{"a slot twice", edit(`keys = ["report"]`, `keys = ["report", "report"]`), "twice"},
		{"too many slots", edit(`keys = ["report"]`, `keys = [`+strings.Repeat(`"k",`, 33)+`]`), "33 entries"},
		{"an asset twice", edit(`["labels.json"]`, `["labels.json", "labels.json"]`), "twice"},
		{"the module as asset", edit(`["labels.json"]`, `["plugin.wasm"]`), "the bundle's own"},
		{"the envelope as asset", edit(`["labels.json"]`, `["Plugin.DSSE.json"]`), "the bundle's own"},
		{"no description", edit("description = \"Reads the digit on a part label\"", ""), "description: is missing"},
		{"hidden text", edit("Reads the digit", "Reads\u200b the digit"), "hidden"},
		{"long text", edit("Reads the digit", strings.Repeat("x", MaxText+1)), "bytes"},
		{"phase of another role", edit("abi = 1", "abi = 1\nphase = [\"before\"]"), "belongs to plugins of role policy"},
		{"tolerance of another role", edit("[[selftest]]", "[[selftest]]\ntolerance = 1"), "tolerance"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := toolSource()
			c.spoil(source)
			dst := filepath.Join(t.TempDir(), "bundle")
			_, err := Build(t.Context(), writeTree(t, source), dst)
			var invalid *Invalid
			if !errors.As(err, &invalid) || !strings.Contains(strings.Join(invalid.Problems, "\n"), c.want) {
				t.Errorf("got %v, want an *Invalid with %q", err, c.want)
			}
			if rest, err := os.ReadDir(filepath.Dir(dst)); err != nil || len(rest) != 0 {
				t.Errorf("left %v, %v", rest, err)
			}
		})
	}
}

const modelTOML = `
name = "acme/digits"
version = "1.0.0"
abi = 1
role = "model"
security_epoch = 1
capabilities = ["log"]
wasm = "module.wasm"
[[input]]
name = "image"
type = "u8"
shape = [1, 4]
[[output]]
name = "scores"
type = "f32"
shape = [2]
[[selftest]]
input = "in.bin"
output = "out.bin"
tolerance = 0.5
`

func TestModelBundle(t *testing.T) {
	source := map[string]string{"plugin.toml": modelTOML, "module.wasm": tinyWasm, "in.bin": "abcd", "out.bin": "\x00\x00\x80\x3f\x00\x00\x00\x40"} // 1, 2
	u, err := Inspect(build(t, source))
	if err != nil {
		t.Fatal(err)
	}
	test := u.SelfTests[0]
	for _, c := range []struct {
		name, answer string
		ok           bool
	}{
		{"equal", source["out.bin"], true},
		{"1.5 for 1", "\x00\x00\xc0\x3f\x00\x00\x00\x40", true},
		{"2 for 1", "\x00\x00\x00\x40\x00\x00\x00\x40", false},
		{"NaN", "\x00\x00\xc0\x7f\x00\x00\x00\x40", false},
		{"infinity", "\x00\x00\x80\x3f\x00\x00\x80\x7f", false},
		{"short", source["out.bin"][:4], false},
		{"long", source["out.bin"] + "1234", false},
	} {
		if err := test.Check([]byte(c.answer)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	source["in.bin"] = "abc"
	if _, err := Build(t.Context(), writeTree(t, source), filepath.Join(t.TempDir(), "b")); err == nil || !strings.Contains(err.Error(), "3 bytes") {
		t.Errorf("an input of the wrong size: %v", err)
	}
}

func TestStateful(t *testing.T) {
	model := map[string]string{"plugin.toml": modelTOML, "module.wasm": tinyWasm, "in.bin": "abcd", "out.bin": "\x00\x00\x80\x3f\x00\x00\x00\x40"}
	policy := authSource()
	policy["plugin.toml"] = strings.Replace(authTOML, `role = "auth"`, `role = "policy"`, 1)
	for _, c := range []struct {
		role   string
		source map[string]string
		ok     bool
	}{{"auth", authSource(), false}, {"policy", policy, false}, {"tool", toolSource(), true}, {"model", model, true}} {
		c.source["plugin.toml"] = strings.Replace(c.source["plugin.toml"], "abi = 1", "abi = 1\nstateful = true", 1)
		u, err := Build(t.Context(), writeTree(t, c.source), filepath.Join(t.TempDir(), "b"))
		switch {
		case c.ok && (err != nil || !u.Descriptor.Stateful):
			t.Errorf("%s: %v", c.role, err)
		case !c.ok && (err == nil || !strings.Contains(err.Error(), "stateful: a plugin of role "+c.role)):
			t.Errorf("%s: %v", c.role, err)
		}
	}
}

func TestPolicyPhase(t *testing.T) {
	source := authSource()
	policy := strings.Replace(authTOML, `role = "auth"`, `role = "policy"`, 1)
	for _, c := range []struct {
		phase     string
		after, ok bool
	}{
		{"", false, true},
		{`phase = ["before"]`, false, true},
		{`phase = ["before", "after"]`, true, true},
		{`phase = ["after"]`, false, false},
		{`phase = []`, false, false},
		{`phase = ["before", "before"]`, false, false},
	} {
		source["plugin.toml"] = policy + c.phase
		u, err := Build(t.Context(), writeTree(t, source), filepath.Join(t.TempDir(), "b"))
		if (err == nil) != c.ok || err == nil && u.Descriptor.After() != c.after {
			t.Errorf("%s: %v", c.phase, err)
		}
	}
}

func TestSelfTestCheck(t *testing.T) {
	test := SelfTest{Expect: []byte(`{"a":1.0,"b":[true]}`)}
	for answer, ok := range map[string]bool{
		`{"b": [true], "a": 1}`:        true,
		`{"a":1}`:                      false,
		`{"a":1,"b":[true],"c":null}`:  false,
		`{"a":1,"a":1,"b":[true]}`:     false,
		`{"a":1,"b":[true]}x`:          false,
		`{"a":9007199254740993,"b":1}`: false,
	} {
		if err := test.Check([]byte(answer)); (err == nil) != ok {
			t.Errorf("%s: %v", answer, err)
		}
	}
	if err := (SelfTest{}).Check([]byte("anything")); err != nil {
		t.Errorf("without an expected answer: %v", err)
	}
}
