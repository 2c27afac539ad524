// Package native is what a C programmer would write, called through cgo: gcc -O3 -march=native -ffast-math, no sandbox and
// no limit. It is built with the tag wasmtime.
package native
