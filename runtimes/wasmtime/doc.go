// Package wasmtime is the backend over wasmtime, through a thin binding of our own to the library that
// github.com/bytecodealliance/wasmtime-go ships. It needs cgo and the build tag wasmtime; without them the package is empty.
// The library's headers are found in the module cache: the Makefile says where, in CGO_CFLAGS.
//
// One engine serves all plugins; every instance has a store of its own, and no store ever meets another engine. What
// wasmtime can do beyond ABI v1 is switched off here, as far as there is a switch; the checks of runtimes/guest and
// runtimes/wasm do not rely on it.
//
// C calls have no room for mistakes, so these hold: signatures are compared when something is linked or found, and no call
// is checked again; a panic of Go ends in bulkheadHost, before the frames of C; C keeps one Go pointer, to a pinned
// instance, until that is closed; and Go reads guest memory through the mapping that binding.c made, which never moves.
// A panic of the library itself ends the process, which is one reason why it belongs into a worker.
package wasmtime
