//go:build !wasmtime

package main

import (
	"testing"

	"bulkhead/host/manifest"
)

// A binary that was built without wasmtime does not run it inline, and has no workers with it.
func TestNoWasmtime(t *testing.T) {
	for _, isolation := range []manifest.Isolation{manifest.Inline, manifest.Process} {
		if b, err := (placement{engine: "wasmtime", isolation: isolation}).open(nil); err == nil || code(err) != exitRefused || b != nil {
			t.Errorf("%s: opened, %v", isolation, err)
		}
		f := limitFlags{engine: "wasmtime", isolation: string(isolation), memory: "1MiB", timeout: "1s", fuel: "1"}
		if at, _, err := f.parse(); err == nil || code(err) != exitUsage {
			t.Errorf("%s: %+v, %v", isolation, at, err)
		}
	}
}
