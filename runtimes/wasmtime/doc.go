// Package wasmtime is the backend over wasmtime, through github.com/bytecodealliance/wasmtime-go. It needs cgo and the
// build tag wasmtime; without them the package is empty.
//
// One engine serves all plugins; every instance has a store of its own, and no store ever meets another engine. What
// wasmtime can do beyond ABI v1 is switched off here, as far as its Go API has a switch; the checks of runtimes/guest and
// runtimes/wasm do not rely on it.
package wasmtime
