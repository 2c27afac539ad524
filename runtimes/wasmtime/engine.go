//go:build wasmtime

package wasmtime

// #include "binding.h"
import "C"

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"sync"

	_ "github.com/bytecodealliance/wasmtime-go/v39" // links the library

	"bulkhead/runtimes"
	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/image"
)

// version is that of the library, as its headers have it; binding.h sees to it that they are the library's. The Go module
// that ships both counts for itself.
const version = "v" + C.WASMTIME_VERSION

// New returns the backend.
func New() runtimes.Backend { return guest.New(newEngine(image.Source{})) }

// Ahead returns the backend for one plugin in a sandbox that this process enters afterwards: what a large snapshot needs is
// opened here, and large snapshots of more plugins are copied. In the sandbox threads need not start, and no file is opened.
func Ahead(pagemap int) runtimes.Backend { return guest.New(newEngine(image.Ahead(pagemap))) }

type engine struct {
	c      *C.wasm_engine_t
	stack  int // bytes that every thread has for a guest
	images image.Source
	id     func() string
}

func newEngine(images image.Source) *engine {
	stack := stackOf(int(C.bh_prepare()))
	e := &engine{c: C.wasm_engine_new_with_config(settings(stack)), stack: stack, images: images}
	e.id = sync.OnceValue(e.identify)
	return e
}

var (
	errSettings = errors.New("wasmtime does not take its settings")
	errStack    = fmt.Errorf("threads have too little stack for guests, at least %d KiB are needed: see ulimit -s", leastThread>>10)
)

// works says why the engine cannot be used, if so.
func (e *engine) works() error {
	switch {
	case e.c == nil:
		return errSettings
	case e.stack < leastStack:
		return errStack
	}
	return nil
}

// Version implements guest.Engine.
func (e *engine) Version() string { return "wasmtime " + version }

// ID implements guest.Engine.
func (e *engine) ID() string { return e.id() }

// identify asks the library what code depends on: its version, settings and the features of the processor are all in the
// code of an empty module.
func (e *engine) identify() string {
	name := fmt.Sprint("wasmtime ", version, " ", runtime.GOOS, "/", runtime.GOARCH)
	if e.works() != nil {
		return name
	}
	m, err := e.module([]byte("\x00asm\x01\x00\x00\x00"))
	if err != nil {
		return name
	}
	defer C.wasmtime_module_delete(m)
	code, err := serialize(m)
	if err != nil {
		return name
	}
	return fmt.Sprintf("%s %x", name, sha256.Sum256(code))
}

// Validate implements guest.Engine. Of what package wasm lets through it knows relaxed SIMD beyond ABI v1.
func (e *engine) Validate(_ context.Context, module []byte) error {
	if err := e.works(); err != nil {
		return err
	}
	p, n := bytesOf(module)
	return failed(C.wasmtime_module_validate(e.c, p, n))
}

// RelaxedSIMD implements guest.Relaxed.
func (e *engine) RelaxedSIMD() {}

// Close implements guest.Engine.
func (e *engine) Close(context.Context) error {
	if e.c != nil {
		C.wasm_engine_delete(e.c)
		e.c = nil
	}
	return nil
}
