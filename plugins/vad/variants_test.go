//go:build !wasmtime

package vad

func variants() []variant { return []variant{onWazero()} }
