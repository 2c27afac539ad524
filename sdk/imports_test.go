package sdk_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"bulkhead/abi"
)

// TestImportsAreRequests builds guests with the go command and reads their import sections, which are a plugin's
// request list: what a guest does not use must not be there.
func TestImportsAreRequests(t *testing.T) {
	var all []string
	for _, s := range abi.Imports() {
		all = append(all, s.String())
	}
	for folder, want := range map[string][]string{
		"testdata/model": nil, "testdata/tool": nil, "internal/exercise": all,
		"testdata/logger": {"log(i32, i32, i32)"},
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			m := parse(t, build(t, folder))
			slices.Sort(want)
			if got := m.imports[abi.Module]; !slices.Equal(got, want) {
				t.Errorf("imports %q, want %q", got, want)
			}
			delete(m.imports, abi.Module)
			delete(m.imports, abi.WASIModule)
			if len(m.imports) > 0 {
				t.Errorf("imports from other modules: %q", m.imports)
			}
			for _, s := range abi.Exports() {
				if !slices.Contains(m.exports, s.String()) {
					t.Errorf("no export %s among %q", s, m.exports)
				}
			}
		})
	}
}

// TestModelsCarryNoJSON looks for the names that the Go runtime keeps of all functions.
func TestModelsCarryNoJSON(t *testing.T) {
	const decoder = "encoding/json.(*decodeState).object"
	if bytes.Contains(build(t, "testdata/model"), []byte(decoder)) {
		t.Error("a model guest carries the JSON decoder")
	}
	if !bytes.Contains(build(t, "testdata/tool"), []byte(decoder)) {
		t.Error("a tool guest does not: this test looks for the wrong name")
	}
}

func build(t *testing.T, folder string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plugin.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, "./"+folder)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// A section is read from the front. The modules are our compiler's, so that a malformed one may panic.
type section []byte

func (s *section) number() int {
	n, size := binary.Uvarint(*s)
	*s = (*s)[size:]
	return int(n)
}

func (s *section) bytes(n int) []byte {
	b := (*s)[:n]
	*s = (*s)[n:]
	return b
}

func (s *section) name() string { return string(s.bytes(s.number())) }

// outline is what a module says of functions that cross its border, spelled as abi.Signature does.
type outline struct {
	imports map[string][]string // module → functions, sorted
	exports []string
	types   []abi.Signature
	defined []int // types of all functions, imported ones first
}

func parse(t *testing.T, wasm []byte) *outline {
	t.Helper()
	o := &outline{imports: map[string][]string{}}
	for rest := section(wasm[8:]); len(rest) > 0; {
		id := rest.bytes(1)[0]
		s := section(rest.bytes(rest.number()))
		if read := o.reader(id); read != nil {
			for range s.number() {
				read(&s)
			}
		}
	}
	for _, functions := range o.imports {
		slices.Sort(functions)
	}
	return o
}

func (o *outline) reader(id byte) func(*section) {
	return map[byte]func(*section){
		1: o.typ, 2: o.imported, 3: func(s *section) { o.defined = append(o.defined, s.number()) }, 7: o.exported,
	}[id]
}

func (o *outline) typ(s *section) {
	s.bytes(1)
	spell := func(types []byte) string {
		return string(bytes.Map(func(r rune) rune { return map[rune]rune{0x7F: 'i', 0x7E: 'I', 0x7C: 'd'}[r] }, types))
	}
	o.types = append(o.types, abi.Signature{Params: spell(s.bytes(s.number())), Results: spell(s.bytes(s.number()))})
}

func (o *outline) imported(s *section) {
	module, name := s.name(), s.name()
	s.bytes(1) // the kind: Go imports functions only
	o.defined = append(o.defined, s.number())
	o.imports[module] = append(o.imports[module], o.spell(name, len(o.defined)-1))
}

func (o *outline) exported(s *section) {
	name, kind, index := s.name(), s.bytes(1)[0], s.number()
	if kind == 0 {
		o.exports = append(o.exports, o.spell(name, index))
	}
}

func (o *outline) spell(name string, index int) string {
	f := o.types[o.defined[index]]
	f.Name = name
	return f.String()
}
