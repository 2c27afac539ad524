//go:build !wasmtime

package main

import (
	"errors"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wazero"
)

// backend makes an engine in this process.
func backend(engine string) (runtimes.Backend, error) {
	if engine == onWazero {
		return wazero.New(), nil
	}
	return nil, errors.New(engine + " is not in this program: make bench builds one that has it")
}
