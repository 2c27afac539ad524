//go:build wasmtime

package worker

import (
	"bulkhead/runtimes/wasmtime"
	"bulkhead/runtimes/wazero"
)

// engines are those that the tests have for workers.
func engines() map[string]Engine {
	return map[string]Engine{"wazero": wazero.Ahead, "wasmtime": wasmtime.Ahead}
}

// buildTest is how the go command builds these tests without the race detector.
func buildTest() []string { return []string{"test", "-c", "-tags", "wasmtime"} }
