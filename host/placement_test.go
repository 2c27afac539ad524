package main

import (
	"testing"

	"bulkhead/host/manifest"
)

func TestPlacement(t *testing.T) {
	for _, isolation := range []manifest.Isolation{manifest.Process, manifest.Inline} {
		for engine := range backends() {
			b, err := placement{engine: engine, isolation: isolation}.open(nil)
			if err != nil {
				t.Errorf("%s/%s: %v", engine, isolation, err)
				continue
			}
			if err := b.Close(t.Context()); err != nil {
				t.Errorf("%s/%s: closing: %v", engine, isolation, err)
			}
		}
	}
	for _, at := range []placement{{}, {engine: "v8", isolation: manifest.Process}, {engine: "wazero"}, {engine: "wazero", isolation: "none"}} {
		if b, err := at.open(nil); err == nil || code(err) != exitRefused || b != nil {
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
		{placement{engine: "wasmtime", isolation: manifest.Inline}, "arm64", false},
		{placement{engine: "wasmtime", isolation: manifest.Process}, "arm64", true},
		{placement{engine: "wasmtime", isolation: manifest.Inline}, "amd64", true},
		{placement{engine: "wazero", isolation: manifest.Inline}, "arm64", true},
	} {
		if err := tt.at.forbidden(tt.arch); (err == nil) != tt.ok || err != nil && code(err) != exitRefused {
			t.Errorf("%s on %s: %v", tt.at, tt.arch, err)
		}
	}
}
