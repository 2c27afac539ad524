//go:build !wasmtime

package main

import (
	"bulkhead/runtimes"
	"bulkhead/runtimes/wazero"
	"bulkhead/runtimes/worker"
)

// engines are those of this binary.
func engines() map[string]func() runtimes.Backend {
	return map[string]func() runtimes.Backend{"wazero": wazero.New}
}

// sandboxed are those of its workers, which open ahead what their sandbox will not let them open.
func sandboxed() map[string]worker.Engine {
	return map[string]worker.Engine{"wazero": wazero.Ahead}
}

// unmetered runs a guest on other engines than wazero without metering, by names of its own.
func (b *bench) unmetered([]byte) (map[string]caller, error) { return nil, nil }
