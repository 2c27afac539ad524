package bundle

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/keys"
)

// tinyWasm is the header of a module: enough for whoever only hashes it.
const tinyWasm = "\x00asm\x01\x00\x00\x00"

const toolTOML = `
name = "acme/inspect"
version = "1.2.3"
abi = 1
role = "tool"
security_epoch = 1
capabilities = ["log", "sign", "infer"]
keys = ["report"]
models = ["digits"]
assets = ["labels.json"]
wasm = "module.wasm"
[[tool]]
name = "label"
description = "Reads the digit on a part label"
input_schema = "schemas/label.json"
output_schema = "schemas/answer.json"
[tool.annotations]
read_only = true
destructive = false
[[selftest]]
tool = "label"
arguments = "testdata/seven.json"
expect = "testdata/seven.out.json"
`

func toolSource() map[string]string {
	return map[string]string{
		"plugin.toml":             toolTOML,
		"module.wasm":             tinyWasm,
		"labels.json":             `["0","1"]`,
		"schemas/label.json":      "{\n  \"type\": \"object\",\n  \"properties\": {\"image\": {\"type\": \"string\", \"title\": \"<&> \\u00e9\"}},\n  \"required\": [\"image\"]\n}\n",
		"schemas/answer.json":     `{"type": "object"}`,
		"testdata/seven.json":     `{"image": "x"}`,
		"testdata/seven.out.json": `{"content": [{"type": "text", "text": "7"}]}`,
	}
}

const authTOML = `
name = "acme/auth"
version = "1.0.0"
abi = 1
role = "auth"
security_epoch = 1
capabilities = []
wasm = "module.wasm"
`

func authSource() map[string]string {
	return map[string]string{"plugin.toml": authTOML, "module.wasm": tinyWasm}
}

func writeTree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		do(t, writeFile(filepath.Join(dir, name), []byte(content)))
	}
	return dir
}

func build(t testing.TB, files map[string]string) string {
	t.Helper()
	dst := filepath.Join(t.TempDir(), "bundle")
	if _, err := Build(t.Context(), writeTree(t, files), dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

func key(t testing.TB, fill byte) *keys.Private {
	t.Helper()
	k, err := keys.NewPrivate(bytes.Repeat([]byte{fill}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A fixture is a bundle that opens, for a test to spoil.
type fixture struct {
	t          testing.TB
	dir        string
	publishers []Publisher
	want       Want
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: build(t, toolSource()), want: Want{Is: "acme/inspect", Role: abi.RoleTool}}
	f.publishers = []Publisher{{
		Name: "acme", Keys: []*keys.Public{key(t, 1).Public()}, Threshold: 1,
		MaySign: []string{"acme/*"}, Roles: []abi.Role{abi.RoleTool},
	}}
	do(t, Sign(f.dir, key(t, 1)))
	return f
}

func (f *fixture) path(name string) string { return filepath.Join(f.dir, name) }

func (f *fixture) read(name string) []byte {
	f.t.Helper()
	data, err := os.ReadFile(f.path(name))
	do(f.t, err)
	return data
}

func (f *fixture) write(name, content string) {
	f.t.Helper()
	do(f.t, writeFile(f.path(name), []byte(content)))
}

func (f *fixture) remove(name string) { f.t.Helper(); do(f.t, os.Remove(f.path(name))) }

// envelope lets change the parsed envelope and writes it back.
func (f *fixture) envelope(change func(e *envelope)) {
	f.t.Helper()
	e, err := parseEnvelope(f.read(envelopeFile))
	do(f.t, err)
	change(e)
	data, err := e.encode()
	do(f.t, err)
	f.write(envelopeFile, string(data))
}

// resign replaces text in the statement and signs the result, as a publisher who attacks would.
func (f *fixture) resign(old, new string) {
	f.t.Helper()
	f.envelope(func(e *envelope) {
		if !bytes.Contains(e.payload, []byte(old)) {
			f.t.Fatalf("%q is not in the statement %s", old, e.payload)
		}
		e.payload = bytes.Replace(e.payload, []byte(old), []byte(new), 1)
		do(f.t, e.sign(key(f.t, 1)))
	})
}

// signed writes files and a signed statement about them, unchecked.
func (f *fixture) signed(d Descriptor, files map[string][]byte) {
	f.t.Helper()
	do(f.t, os.RemoveAll(f.dir))
	do(f.t, writeBundle(f.dir, d, files))
	e := &envelope{payload: f.read(statementFile)}
	do(f.t, e.sign(key(f.t, 1)))
	data, err := e.encode()
	do(f.t, err)
	f.remove(statementFile)
	f.write(envelopeFile, string(data))
}

func (f *fixture) open() (*Bundle, error) { return Open(f.dir, f.publishers, f.want) }

func wantRefused(t testing.TB, err error, want string) {
	t.Helper()
	var r *Refused
	if !errors.As(err, &r) {
		t.Errorf("got %v, want a *Refused", err)
	} else if !strings.Contains(r.Reason+r.Hint, want) { // the path holds the test's name
		t.Errorf("got %v, want %q", r, want)
	}
}

func do(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
