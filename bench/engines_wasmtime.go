//go:build wasmtime

package main

import (
	"errors"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wasmtime"
	"bulkhead/runtimes/wazero"
)

// backend makes an engine in this process.
func backend(engine string) (runtimes.Backend, error) {
	switch engine {
	case onWazero:
		return wazero.New(), nil
	case onWasmtime:
		return wasmtime.New(), nil
	}
	return nil, errors.New("no engine " + engine)
}
