package wazero_test

import (
	"testing"

	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/wazero"
)

func TestContract(t *testing.T) { runtimetest.Run(t, wazero.New) }

func BenchmarkBackend(b *testing.B) { runtimetest.Benchmark(b, wazero.New) }
