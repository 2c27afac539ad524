//go:build wasmtime

package digits_test

import "bulkhead/runtimes/wasmtime"

func variants() []variant {
	return []variant{
		onWazero(),
		{"wasmtime", "digits.wasm", wasmtime.New, false},
		{"wasmtime relaxed", "digits.relaxed.wasm", wasmtime.New, true},
	}
}
