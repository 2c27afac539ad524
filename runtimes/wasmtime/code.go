//go:build wasmtime

package wasmtime

// #include "binding.h"
import "C"

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/wasm"
)

// A code is a compiled module, linked with its imports.
type code struct {
	engine  *engine
	module  *C.wasmtime_module_t
	pre     *C.wasmtime_instance_pre_t
	imports []imported
	slots   int   // the most that a call to the guest or from it takes
	memory  int64 // bytes that one instance may have
}

// Compile implements guest.Engine.
func (e *engine) Compile(_ context.Context, module []byte, imports []guest.Import, pages uint32, saved []byte) (_ guest.Code, err error) {
	if err := e.works(); err != nil {
		return nil, err
	}
	c := &code{engine: e, slots: wasm.MaxValues, memory: int64(pages) << 16}
	if saved != nil {
		c.module, err = e.restored(saved)
	} else {
		c.module, err = e.module(module)
	}
	if err != nil {
		return nil, err
	}
	if err := c.link(imports); err != nil {
		c.Close(context.Background())
		return nil, err
	}
	return c, nil
}

func (e *engine) module(module []byte) (m *C.wasmtime_module_t, err error) {
	p, n := bytesOf(module)
	err = failed(C.wasmtime_module_new(e.c, p, n, &m))
	return m, err
}

// link makes pre, and with it compares the types of what is imported and what is there.
func (c *code) link(imports []guest.Import) error {
	linker := C.wasmtime_linker_new(c.engine.c)
	defer C.wasmtime_linker_delete(linker)
	for n, i := range imports {
		f, err := newImported(i)
		if err != nil {
			return fmt.Errorf("linking %s.%s: %w", i.Module, i.Name, err)
		}
		c.imports = append(c.imports, f)
		if err := f.define(linker, i, n); err != nil {
			return fmt.Errorf("linking %s.%s: %w", i.Module, i.Name, err)
		}
	}
	return failed(C.wasmtime_linker_instantiate_pre(linker, c.module, &c.pre))
}

// Saved code begins with a checksum: the library trusts the rest, and a mistake of ours shall be an error. Who made it is
// known to the cache.
const sumSize = crc32.Size

var errSaved = errors.New("the saved code is damaged")

func sumOf(code []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.Checksum(code, crc32.MakeTable(crc32.Castagnoli)))
}

// Serialize implements guest.Code.
func (c *code) Serialize() []byte {
	saved, err := serialize(c.module)
	if err != nil {
		return nil
	}
	return append(sumOf(saved), saved...)
}

func serialize(m *C.wasmtime_module_t) ([]byte, error) {
	var code C.wasm_byte_vec_t
	if err := failed(C.wasmtime_module_serialize(m, &code)); err != nil {
		return nil, err
	}
	return taken(&code), nil
}

func (e *engine) restored(saved []byte) (m *C.wasmtime_module_t, err error) {
	if len(saved) <= sumSize || !bytes.Equal(saved[:sumSize], sumOf(saved[sumSize:])) {
		return nil, errSaved
	}
	p, n := bytesOf(saved[sumSize:])
	err = failed(C.wasmtime_module_deserialize(e.c, p, n, &m))
	return m, err
}

// Close implements guest.Code.
func (c *code) Close(context.Context) error {
	if c.pre != nil {
		C.wasmtime_instance_pre_delete(c.pre)
	}
	if c.module != nil {
		C.wasmtime_module_delete(c.module)
	}
	c.pre, c.module = nil, nil
	return nil
}
