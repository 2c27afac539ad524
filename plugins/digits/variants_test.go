//go:build !wasmtime

package digits_test

func variants() []variant { return []variant{onWazero()} }
