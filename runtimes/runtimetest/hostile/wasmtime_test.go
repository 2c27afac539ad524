//go:build peers && wasmtime

package hostile_test

import (
	"bulkhead/runtimes/runtimetest/hostile"
	"bulkhead/runtimes/wasmtime"
)

func setups() []hostile.Setup {
	// wasmtime-go makes objects of every parameter and result, which wait for the collector: so many in a flood of calls.
	return []hostile.Setup{{Name: "wasmtime inline", Open: wasmtime.New, Own: 64 << 20}}
}
