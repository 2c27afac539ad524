//go:build !wasmtime

package hostile_test

import (
	"bulkhead/runtimes/runtimetest/hostile"
	"bulkhead/runtimes/wazero"
)

func setups() []hostile.Setup {
	return []hostile.Setup{{Name: "wazero inline", Open: wazero.New}}
}
