//go:build peers && wasmtime

package hostile_test

import (
	"bulkhead/runtimes/runtimetest/hostile"
	"bulkhead/runtimes/wasmtime"
)

func setups() []hostile.Setup {
	return []hostile.Setup{{Name: "wasmtime inline", Open: wasmtime.New}}
}
