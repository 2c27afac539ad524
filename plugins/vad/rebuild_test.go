//go:build peers

package vad

import (
	"bytes"
	"testing"

	"bulkhead/sdk/c/clang"
)

// The committed modules are what clang makes of guest/vad.c.
func TestPeerModulesAreTheSource(t *testing.T) {
	for file, relaxed := range map[string]bool{"vad.wasm": false, "vad.relaxed.wasm": true} {
		module, err := clang.Build(t.Context(), clang.Guest{SDK: "../../sdk/c", Args: []string{"guest/vad.c"}, Relaxed: relaxed})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(module, read(t, file)) {
			t.Errorf("%s is not what clang %s makes of guest/vad.c\nhint: make c-plugins", file, clang.Version)
		}
	}
}
