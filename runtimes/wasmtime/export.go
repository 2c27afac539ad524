//go:build wasmtime

package wasmtime

/*
#include "binding.h"
#cgo noescape bh_call
*/
import "C"

import (
	"context"
	"unsafe"

	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/wasm"
)

// An export is a function of a guest.
type export struct {
	*instance
	store    C.uint64_t
	function C.uintptr_t
	slots    C.size_t
	params   int
	results  []uint64 // masks
}

// Export implements guest.Instance. It finds functions of number types.
func (i *instance) Export(name string) guest.Func {
	var found C.bh_export
	var types [2 * wasm.MaxValues]byte
	p, n := text(name)
	list, _ := bytesOf(types[:])
	if !C.bh_find_function(i.c, p, n, &found, list, C.size_t(i.code.slots)) {
		return nil
	}
	e := &export{instance: i, store: found.store, function: found.function, params: int(found.params)}
	e.slots = C.size_t(max(found.params, found.results))
	for _, kind := range types[found.params:][:found.results] {
		m, err := mask(wasm.I32 - wasm.ValueType(kind))
		if err != nil {
			return nil
		}
		e.results = append(e.results, m)
	}
	return e.call
}

func (e *export) call(ctx context.Context, stack []uint64) error {
	slots := (*[wasm.MaxValues]slot)(unsafe.Pointer(e.c.slots))
	for n := range e.params {
		slots[n][0] = stack[n]
	}
	e.ctx = ctx
	status := C.bh_call(e.c, e.store, e.function, e.slots)
	e.ctx = nil
	if status != 0 {
		return e.failure(status)
	}
	for n, m := range e.results {
		stack[n] = slots[n][0] & m
	}
	return nil
}
