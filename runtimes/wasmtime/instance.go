//go:build wasmtime

package wasmtime

// #include "binding.h"
import "C"

import (
	"context"
	"errors"
	"runtime"
	"unsafe"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/image"
	"bulkhead/runtimes/wasm"
)

// An instance is a store with one module in it. ctx is the context of the running call: wasmtime carries none to host
// functions, so it waits here while the guest runs.
type instance struct {
	code   *code
	c      *C.bh_instance
	pin    runtime.Pinner // of this, for c.owner
	view   image.View
	ctx    context.Context
	failed error                  // why a host function ended the run
	stack  [wasm.MaxValues]uint64 // of host functions
}

// Instantiate implements guest.Code. The outline that guest has read has no start section, so nothing runs.
func (c *code) Instantiate(context.Context) (guest.Instance, error) {
	var e *C.wasmtime_error_t
	made := C.bh_instantiate(c.engine.c, c.pre, C.int64_t(c.memory), wasm.MaxElements, wasm.MaxTables, C.size_t(c.slots), &e)
	if made == nil {
		return nil, errors.Join(errors.New("no instance"), failed(e))
	}
	i := &instance{code: c, c: made}
	i.pin.Pin(i)
	i.c.owner = unsafe.Pointer(i)
	i.c.slice = guest.Slice
	if name, n := text(abi.ExportMemory); !C.bh_find_memory(i.c, name, n) {
		i.Close(context.Background())
		return nil, errors.New("export memory is missing, or is not the instance's own")
	}
	return i, nil
}

// Close implements guest.Instance. It may be called twice.
func (i *instance) Close(context.Context) error {
	if i.c != nil {
		C.bh_close(i.c)
		i.c = nil
		i.pin.Unpin()
	}
	return nil
}

// Memory implements guest.Instance.
func (i *instance) Memory() []byte {
	m := i.c.memory
	return unsafe.Slice((*byte)(m.base), m.size)
}

// Fuel implements guest.Refueler.
func (i *instance) Fuel() *guest.Fuel { return (*guest.Fuel)(unsafe.Pointer(&i.c.given)) }

// Grow implements guest.Instance.
func (i *instance) Grow(pages uint32) bool { return bool(C.bh_grow(i.c, C.uint64_t(pages))) }

// Freeze implements guest.Freezer.
func (i *instance) Freeze() (*image.Image, error) { return i.code.engine.images.Freeze(i.Memory()) }

// Thaw implements guest.Freezer.
func (i *instance) Thaw(m *image.Image) error { return i.view.Thaw(i.Memory(), m) }
