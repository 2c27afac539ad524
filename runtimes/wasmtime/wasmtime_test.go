//go:build wasmtime

package wasmtime_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes"
	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/wasmtime"
	"bulkhead/runtimes/wazero"
)

func TestContract(t *testing.T) { runtimetest.Run(t, wasmtime.New) }

func TestContractAhead(t *testing.T) { runtimetest.Run(t, ahead) }

func ahead() runtimes.Backend {
	pagemap, err := unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	return wasmtime.Ahead(pagemap)
}

func TestRelaxedSIMD(t *testing.T) { runtimetest.RelaxedSIMD(t, wasmtime.New, true) }

func TestAllocations(t *testing.T) { runtimetest.Allocations(t, wasmtime.New) }

func TestNoDifferenceToWazero(t *testing.T) { runtimetest.Agree(t, wasmtime.New, wazero.New) }

func BenchmarkBackend(b *testing.B) { runtimetest.Benchmark(b, wasmtime.New) }

// BenchmarkWazero is beside BenchmarkBackend, in the same run.
func BenchmarkWazero(b *testing.B) { runtimetest.Benchmark(b, wazero.New) }
