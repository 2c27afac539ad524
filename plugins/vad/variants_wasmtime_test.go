//go:build wasmtime

package vad

import "bulkhead/runtimes/wasmtime"

func variants() []variant {
	return []variant{onWazero(), {"wasmtime", "vad.wasm", false, wasmtime.New}, {"wasmtime/relaxed", "vad.relaxed.wasm", true, wasmtime.New}}
}
