//go:build !wasmtime

package spectest

func taggedMachines() map[string]machine { return nil }
