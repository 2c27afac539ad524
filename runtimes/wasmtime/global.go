//go:build wasmtime

package wasmtime

// #include "binding.h"
import "C"

import (
	"unsafe"

	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/wasm"
)

// A global is one of a guest. Reading and writing it cost no crossing as long as the guest rests: what is written here goes
// over with the next call, and fuel comes back with it.
type global struct {
	*instance
	index int64
}

// Global implements guest.Instance.
func (i *instance) Global(name string) guest.Global {
	p, n := text(name)
	index := int64(C.bh_find_global(i.c, p, n, C.bool(name == wasm.ExportFuel)))
	if index < 0 {
		return nil
	}
	return global{i, index}
}

// c finds the global: the list moves while it grows.
func (g global) at() *C.bh_global { return &unsafe.Slice(g.c.globals, g.c.count)[g.index] }

// Get implements guest.Global.
func (g global) Get() uint64 {
	c := g.at()
	if !bool(c.dirty) && c.seen != g.c.runs {
		C.bh_fetch(g.c, c)
	}
	return uint64(c.bits)
}

// Set implements guest.Global.
func (g global) Set(bits uint64) {
	c := g.at()
	if !bool(c.dirty) {
		c.dirty = true
		g.c.dirty++
	}
	c.bits = C.uint64_t(bits)
}
