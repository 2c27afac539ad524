//go:build peers && wasmtime

package c_test

import (
	"bulkhead/runtimes/wasmtime"
	"bulkhead/runtimes/wazero"
)

func backends() []backend {
	return []backend{{name: "wazero", open: wazero.New}, {name: "wasmtime", open: wasmtime.New, relaxed: true}}
}
