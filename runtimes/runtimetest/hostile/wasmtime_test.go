//go:build peers && wasmtime

package hostile_test

import (
	"os"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/runtimes/runtimetest/hostile"
	"bulkhead/runtimes/wasmtime"
	"bulkhead/runtimes/worker"
)

// TestMain makes this test's own executable a worker.
func TestMain(m *testing.M) {
	worker.Main(map[string]worker.Engine{"wasmtime": wasmtime.Ahead})
	os.Exit(m.Run())
}

func setups() []hostile.Setup {
	return []hostile.Setup{
		{Name: "wasmtime inline", Open: wasmtime.New},
		{Name: "wasmtime process", Open: process, Killable: true, Own: 16 << 20}, // of a large library, the pages that a worker needs
	}
}

func process() runtimes.Backend {
	b, err := worker.New(worker.Config{Backend: "wasmtime"})
	if err != nil {
		panic(err)
	}
	return b
}
