//go:build wasmtime

package main

import (
	"bulkhead/runtimes"
	"bulkhead/runtimes/wasmtime"
	"bulkhead/runtimes/wazero"
	"bulkhead/runtimes/worker"
)

// backends returns what makes the engines of this binary, by their name in the manifest.
func backends() map[string]func() runtimes.Backend {
	return map[string]func() runtimes.Backend{"wazero": wazero.New, "wasmtime": wasmtime.New}
}

// sandboxed returns what makes the engines of workers, which open ahead what their sandbox will not let them open.
func sandboxed() map[string]worker.Engine {
	return map[string]worker.Engine{"wazero": wazero.Ahead, "wasmtime": wasmtime.Ahead}
}
