//go:build wasmtime

package cguests

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What is committed is what the compiler makes.
func TestCommitted(t *testing.T) {
	folder := t.TempDir()
	if err := Build(t.Context(), ".", folder); err != nil {
		t.Fatal(err)
	}
	built, err := filepath.Glob(filepath.Join(folder, "*.wasm"))
	if err != nil || len(built) != len(Sources())+1 {
		t.Fatalf("%d modules: %v", len(built), err)
	}
	for _, path := range built {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		if want, err := Module(name[:len(name)-len(".wasm")]); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from what is committed: make bench-guests (%v)", name, err)
		}
	}
}
