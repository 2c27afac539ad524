//go:build peers

package digits_test

import (
	"bytes"
	"testing"

	"bulkhead/sdk/c/clang"
)

// The committed modules are what clang makes of guest/digits.c.
func TestPeerModulesAreTheSource(t *testing.T) {
	for file, relaxed := range map[string]bool{"digits.wasm": false, "digits.relaxed.wasm": true} {
		module, err := clang.Build(t.Context(), clang.Guest{SDK: "../../sdk/c", Args: []string{"guest/digits.c"}, Relaxed: relaxed})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(module, readFile(t, file)) {
			t.Errorf("%s is not what clang %s makes of guest/digits.c\nhint: make c-plugins", file, clang.Version)
		}
	}
}
