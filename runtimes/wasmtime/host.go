//go:build wasmtime

package wasmtime

// #include "binding.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/wasm"
)

// A slot is a value at the boundary, as wasmtime has it. Of an i32 or f32 the upper bits are garbage.
type slot [2]uint64

const slotSize = 16

// mask keeps of a slot what a value of a type has.
func mask(t wasm.ValueType) (uint64, error) {
	switch t {
	case wasm.I32, wasm.F32:
		return 1<<32 - 1, nil
	case wasm.I64, wasm.F64:
		return 1<<64 - 1, nil
	}
	return 0, fmt.Errorf("type %s cannot cross the boundary", t)
}

// An imported function is one that the host gives.
type imported struct {
	run     guest.Func
	params  []uint64 // masks
	results int
}

func newImported(i guest.Import) (f imported, err error) {
	f = imported{run: i.Func, results: len(i.Type.Results)}
	for _, t := range append(append([]wasm.ValueType{}, i.Type.Params...), i.Type.Results...) {
		m, err := mask(t)
		if err != nil {
			return f, err
		}
		f.params = append(f.params, m)
	}
	f.params = f.params[:len(i.Type.Params)]
	if len(f.params) > wasm.MaxValues || f.results > wasm.MaxValues {
		return f, errors.New("too many values")
	}
	return f, nil
}

// define gives the linker the function that bulkheadHost finds by its number.
func (f imported) define(linker *C.wasmtime_linker_t, i guest.Import, number int) error {
	module, moduleSize := text(i.Module)
	name, nameSize := text(i.Name)
	params, paramCount := bytesOf(kinds(i.Type.Params))
	results, resultCount := bytesOf(kinds(i.Type.Results))
	yields := C.bool(i.Module == wasm.YieldModule && i.Name == wasm.YieldName && i.Type.Equal(wasm.Signature("I", "I")))
	return failed(C.bh_link(linker, module, moduleSize, name, nameSize, params, paramCount, results, resultCount, C.uintptr_t(number), yields))
}

// kinds are number types as wasmtime counts them.
func kinds(types []wasm.ValueType) []byte {
	out := make([]byte, len(types))
	for n, t := range types {
		out[n] = byte(wasm.I32 - t)
	}
	return out
}

// bulkheadHost runs a host function for a guest. owner is the guest's instance, slots are parameters and become results. It
// returns false if the guest's run ends here.
//
//export bulkheadHost
func bulkheadHost(owner unsafe.Pointer, number C.uintptr_t, slots unsafe.Pointer) (ok C.bool) {
	i := (*instance)(owner)
	defer func() {
		if r := recover(); r != nil { // C frames lie below
			i.failed, ok = fmt.Errorf("host function panicked: %.200s", fmt.Sprint(r)), false
		}
	}()
	f := &i.code.imports[number]
	values := (*[wasm.MaxValues]slot)(slots)
	stack := i.stack[:]
	for n, m := range f.params {
		stack[n] = values[n][0] & m
	}
	if err := f.run(i.ctx, stack); err != nil {
		i.failed = err
		return false
	}
	for n := range f.results {
		values[n][0] = stack[n]
	}
	return true
}
