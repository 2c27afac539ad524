//go:build peers && !wasmtime

package hostile_test

import (
	"os"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/runtimes/runtimetest/hostile"
	"bulkhead/runtimes/wazero"
	"bulkhead/runtimes/worker"
)

// TestMain makes this test's own executable a worker.
func TestMain(m *testing.M) {
	worker.Main(map[string]worker.Engine{"wazero": wazero.Ahead})
	os.Exit(m.Run())
}

func setups() []hostile.Setup {
	return []hostile.Setup{{Name: "wazero inline", Open: wazero.New}, {Name: "wazero process", Open: process, Killable: true}}
}

func process() runtimes.Backend {
	b, err := worker.New(worker.Config{Backend: "wazero"})
	if err != nil {
		panic(err)
	}
	return b
}
