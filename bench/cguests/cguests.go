// Package cguests has the guests in C that only comparisons need, compiled; make bench-guests compiles them anew.
package cguests

import (
	"context"
	"embed"
	"os"
	"path/filepath"

	"bulkhead/sdk/c/clang"
)

//go:embed *.wasm
var compiled embed.FS

// Sources are what the modules are compiled from, by name. Those with relaxed SIMD have ".relaxed" behind their name.
func Sources() []string {
	return []string{"digits_f32", "extism_digits_f32", "extism_digits_i8", "extism_vad", "extism_kernels"}
}

// hasRelaxed says which run where relaxed SIMD does.
func hasRelaxed(name string) bool { return name == "digits_f32" }

// Module is a compiled guest.
func Module(name string) ([]byte, error) { return compiled.ReadFile(name + ".wasm") }

// Build compiles the sources, which lie in this folder, into another one.
func Build(ctx context.Context, from, to string) error {
	for _, name := range Sources() {
		for _, relaxed := range []bool{false, true} {
			if relaxed && !hasRelaxed(name) {
				continue
			}
			out := filepath.Join(to, name+map[bool]string{true: ".relaxed"}[relaxed]+".wasm")
			g := clang.Guest{SDK: filepath.Join(from, "../../sdk/c"), Args: []string{filepath.Join(from, "source", name+".c")}, Relaxed: relaxed}
			module, err := clang.Build(ctx, g)
			if err == nil {
				err = os.WriteFile(out, module, 0o644)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
