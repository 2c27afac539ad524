package main

import (
	"testing"

	"bulkhead/host/manifest"
)

func TestPlacement(t *testing.T) {
	for _, isolation := range []manifest.Isolation{manifest.Process, manifest.Inline} {
		for engine := range backends() {
			b, err := placement{engine, isolation}.open()
			if err != nil {
				t.Errorf("%s/%s: %v", engine, isolation, err)
				continue
			}
			if err := b.Close(t.Context()); err != nil {
				t.Errorf("%s/%s: closing: %v", engine, isolation, err)
			}
		}
	}
	for _, at := range []placement{{}, {"v8", manifest.Process}, {"wazero", ""}, {"wazero", "none"}} {
		if b, err := at.open(); err == nil || code(err) != exitRefused || b != nil {
			t.Errorf("%s: opened, %v", at, err)
		}
	}
}

// HARDENING: wasmtime v39 has an escape on aarch64.
func TestNoWasmtimeInlineOnArm64(t *testing.T) {
	for _, tt := range []struct {
		at   placement
		arch string
		ok   bool
	}{
		{placement{"wasmtime", manifest.Inline}, "arm64", false},
		{placement{"wasmtime", manifest.Process}, "arm64", true},
		{placement{"wasmtime", manifest.Inline}, "amd64", true},
		{placement{"wazero", manifest.Inline}, "arm64", true},
	} {
		if err := tt.at.forbidden(tt.arch); (err == nil) != tt.ok || err != nil && code(err) != exitRefused {
			t.Errorf("%s on %s: %v", tt.at, tt.arch, err)
		}
	}
}
