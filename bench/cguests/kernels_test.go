//go:build wasmtime

package cguests

import (
	"bytes"
	"os"
	"testing"

	"bulkhead/sdk/c/clang"
)

// The plugin of kernels, which lies elsewhere, is what clang makes of its source too.
func TestKernelsAreTheSource(t *testing.T) {
	const folder = "../guests/kernels/"
	for file, relaxed := range map[string]bool{"kernels.wasm": false, "kernels.relaxed.wasm": true} {
		module, err := clang.Build(t.Context(), clang.Guest{SDK: "../../sdk/c", Args: []string{folder + "kernels.c"}, Relaxed: relaxed})
		if err != nil {
			t.Fatal(err)
		}
		if want, err := os.ReadFile(folder + file); err != nil || !bytes.Equal(module, want) {
			t.Errorf("%s differs from what is committed: make c-plugins (%v)", file, err)
		}
	}
}
