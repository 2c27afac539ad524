//go:build wasmtime

package wasmtime_test

import (
	"testing"

	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/wasmtime"
	"bulkhead/runtimes/wazero"
)

func TestContract(t *testing.T) { runtimetest.Run(t, wasmtime.New) }

func TestContractAhead(t *testing.T) { runtimetest.Run(t, wasmtime.Ahead) }

func TestRelaxedSIMD(t *testing.T) { runtimetest.RelaxedSIMD(t, wasmtime.New, true) }

func TestAllocations(t *testing.T) { runtimetest.Allocations(t, wasmtime.New) }

func TestNoDifferenceToWazero(t *testing.T) { runtimetest.Agree(t, wasmtime.New, wazero.New) }

func BenchmarkBackend(b *testing.B) { runtimetest.Benchmark(b, wasmtime.New) }
