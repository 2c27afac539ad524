package vad

import (
	"bulkhead/runtimes/wazero"
)

func onWazero() variant { return variant{"wazero", "vad.wasm", false, wazero.New} }
