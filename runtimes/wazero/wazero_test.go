package wazero_test

import (
	"errors"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/wazero"
)

func TestContract(t *testing.T) { runtimetest.Run(t, wazero.New) }

func TestAllocations(t *testing.T) { runtimetest.Allocations(t, wazero.New) }

// A sandbox may have nothing to make copies on write with.
func TestContractWithCopies(t *testing.T) {
	no := func() (int, error) { return -1, errors.New("not here") }
	runtimetest.Run(t, func() runtimes.Backend {
		return wazero.Config{Memfd: func(string, int) (int, error) { return no() }, Pagemap: no}.New()
	})
}

func TestNoDifferenceToCopies(t *testing.T) {
	runtimetest.Agree(t, wazero.New, func() runtimes.Backend {
		return wazero.Config{Memfd: func(string, int) (int, error) { return -1, errors.New("not here") }}.New()
	})
}

func BenchmarkBackend(b *testing.B) { runtimetest.Benchmark(b, wazero.New) }
