// Package spectest holds the way a module takes through this project against the official test suite of WebAssembly: what
// the suite calls malformed or invalid must be refused before it is rewritten, what it calls valid must be read, and
// metering must change no result and no trap.
//
// The suite lies, compiled, in the module of github.com/tetratelabs/wazero, which pins it.
package spectest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// suites are, by folder, the first standard, and the second, with everything that ABI v1 has.
func suites() []string { return []string{"v1", "v2"} }

// strangeSuites are proposals that ABI v1 does not have.
func strangeSuites() []string {
	return []string{"exception-handling", "extended-const", "tail-call", "threads", "typed-function-references"}
}

// A script is one file of a suite.
type script struct {
	name     string // "v2/br_table"
	folder   string
	Commands []command `json:"commands"`
}

// A command is one step of a script.
type command struct {
	Type       string  `json:"type"` // module, assert_invalid, assert_return, ...
	Line       int     `json:"line"`
	Name       string  `json:"name"`        // of a module, for later actions
	As         string  `json:"as"`          // under which name it is registered
	Filename   string  `json:"filename"`    // of a module
	ModuleType string  `json:"module_type"` // binary or text
	Text       string  `json:"text"`        // what the suite's authors call the error
	Action     action  `json:"action"`
	Expected   []value `json:"expected"`
}

// An action calls an exported function or looks at an exported global.
type action struct {
	Type   string  `json:"type"` // invoke or get
	Module string  `json:"module"`
	Field  string  `json:"field"`
	Args   []value `json:"args"`
}

// A value is a parameter or result. Value is a decimal number, "null", "nan:canonical" or "nan:arithmetic", of a v128 a
// list of them; nothing where any reference will do.
type value struct {
	Type  string `json:"type"`
	Lane  string `json:"lane_type"`
	Value any    `json:"value"`
}

// binary reports whether the command carries a module that is there in the binary format.
func (c command) binary() bool {
	return c.Filename != "" && c.ModuleType != "text" && strings.HasSuffix(c.Filename, ".wasm")
}

// scripts reads all scripts of the suites, in a fixed order.
func scripts(t testing.TB, suites ...string) (all []script) {
	t.Helper()
	root := folder(t)
	for _, suite := range suites {
		files, err := filepath.Glob(filepath.Join(root, suite, "testdata", "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("the suite %s is not in %s: %v", suite, root, err)
		}
		slices.Sort(files)
		for _, file := range files {
			all = append(all, read(t, suite, file))
		}
	}
	return all
}

func read(t testing.TB, suite, file string) script {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := script{name: suite + "/" + strings.TrimSuffix(filepath.Base(file), ".json"), folder: filepath.Dir(file)}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
	return s
}

// module reads the module of a command.
func (s script) module(t testing.TB, c command) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.folder, c.Filename))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// folder is where wazero keeps the suites.
func folder(t testing.TB) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Fatalf("finding wazero's module: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "internal", "integration_test", "spectest")
}
