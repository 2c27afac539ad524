package wazero_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes"
	"bulkhead/runtimes/image"
	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/wazero"
)

func TestContract(t *testing.T) { runtimetest.Run(t, wazero.New) }

func TestRelaxedSIMD(t *testing.T) { runtimetest.RelaxedSIMD(t, wazero.New, false) }

func TestAllocations(t *testing.T) { runtimetest.Allocations(t, wazero.New) }

// A sandbox may have nothing to make copies on write with, or only what was opened before.
func TestContractWithCopies(t *testing.T) { runtimetest.Run(t, copying) }

func TestContractAhead(t *testing.T) { runtimetest.Run(t, ahead) }

func ahead() runtimes.Backend {
	pagemap, err := unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	return wazero.Ahead(pagemap)
}

// A kernel may have no pagemap.
func TestContractAheadOfNothing(t *testing.T) {
	runtimetest.Run(t, func() runtimes.Backend { return wazero.Ahead(-1) })
}

func TestNoDifferenceToCopies(t *testing.T) { runtimetest.Agree(t, wazero.New, copying) }

func copying() runtimes.Backend {
	return wazero.Config{Images: image.Source{
		File:    func(int) (int, error) { return -1, errors.New("not here") },
		Pagemap: func() (int, error) { return -1, errors.New("nor this") },
	}}.New()
}

func BenchmarkBackend(b *testing.B) { runtimetest.Benchmark(b, wazero.New) }
