//go:build wasmtime

package vad

import "bulkhead/runtimes/wasmtime"

func variants() []variant {
	return []variant{
		onWazero(),
		{"wasmtime", "vad.wasm", wasmtime.New, false},
		{"wasmtime-relaxed", "vad.relaxed.wasm", wasmtime.New, true},
	}
}
