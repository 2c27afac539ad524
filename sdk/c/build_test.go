//go:build peers

package c_test

import (
	"bytes"
	"os"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/sdk/c/clang"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/sandbox"
)

// compile compiles a guest of testdata.
func compile(t *testing.T, relaxed bool, args ...string) []byte {
	t.Helper()
	wasm, err := clang.Build(t.Context(), clang.Guest{SDK: ".", Args: args, Relaxed: relaxed})
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// A backend is where guests of these tests run.
type backend struct {
	name    string
	open    func() runtimes.Backend
	relaxed bool // it runs relaxed SIMD
}

// A variant is a guest in one of its forms, on one backend.
type variant struct {
	name    string
	backend backend
	wasm    []byte
	relaxed bool
}

func (v variant) plugin(t *testing.T) *sdktest.Plugin {
	return sdktest.New(t, sdktest.Config{}, sandbox.New(t, sandbox.Config{Backend: v.backend.open(), Wasm: v.wasm, RelaxedSIMD: v.relaxed}))
}

// variants returns a guest in all forms, each on all backends that run it.
func variants(t *testing.T, source string) []variant {
	t.Helper()
	var all []variant
	for _, form := range []struct {
		name    string
		relaxed bool
		args    []string
	}{{"simd128", false, nil}, {"relaxed", true, nil}, {"scalar", false, []string{"-DNN_SCALAR"}}} {
		wasm := compile(t, form.relaxed, append(form.args, source)...)
		for _, b := range backends() {
			if b.relaxed || !form.relaxed {
				all = append(all, variant{b.name + " " + form.name, b, wasm, form.relaxed})
			}
		}
	}
	return all
}

// The modules that bench measures the kernels with are those of this source.
func TestPeerBenchedKernels(t *testing.T) {
	const folder = "../../bench/guests/kernels/"
	for file, relaxed := range map[string]bool{"kernels.wasm": false, "kernels.relaxed.wasm": true} {
		committed, err := os.ReadFile(folder + file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(committed, compile(t, relaxed, folder+"kernels.c")) {
			t.Errorf("%s is not what clang %s makes of its source\nhint: make c-plugins", file, clang.Version)
		}
	}
}
