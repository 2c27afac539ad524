//go:build peers

package vad

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"bulkhead/runtimes/wazero"
	"bulkhead/sdk/c/clang"
)

// The network in plain C, without intrinsics, says the same to the last bit.
func TestPeerScalar(t *testing.T) {
	module, err := clang.Build(t.Context(), clang.Guest{SDK: "../../sdk/c", Args: []string{"-DNN_SCALAR", "guest/vad.c"}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "scalar.wasm")
	if err := os.WriteFile(file, module, 0o600); err != nil {
		t.Fatal(err)
	}
	scalar := variant{"scalar", file, wazero.New, false}
	var answers [2][]byte
	for i, v := range []variant{scalar, onWazero()} {
		if answers[i], err = v.mustLoad(t, readWeights(t)).Call(t.Context(), nil, read(t, selfTestInput)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(answers[0], answers[1]) {
		t.Error("the scalar network has other bits")
	}
}
