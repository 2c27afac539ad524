//go:build wasmtime

package wasmtime

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v39"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/wasm"
)

// Bounds of one store, beside its memory and tables: instances, memories.
const (
	maxInstances = 1
	maxMemories  = 1
)

// An instance is a store with one module in it. ctx is the context of the running call: wasmtime carries none to host
// functions, so it waits here while the guest runs.
type instance struct {
	store    *wasmtime.Store
	instance *wasmtime.Instance
	memory   *wasmtime.Memory
	ctx      context.Context
}

// Instantiate implements guest.Code. The outline that guest has read has no start section, so nothing runs.
func (c *code) Instantiate(context.Context) (guest.Instance, error) {
	i := &instance{}
	i.store = wasmtime.NewStoreWithData(c.engine, i)
	i.store.Limiter(c.memory, wasm.MaxElements, maxInstances, wasm.MaxTables, maxMemories)
	var err error
	if i.instance, err = c.linker.Instantiate(i.store, c.module); err != nil {
		i.store.Close()
		return nil, err
	}
	i.memory = i.instance.GetExport(i.store, abi.ExportMemory).Memory()
	return i, nil
}

// Close implements guest.Instance.
func (i *instance) Close(context.Context) error {
	i.store.Close()
	return nil
}

// Memory implements guest.Instance.
func (i *instance) Memory() []byte { return i.memory.UnsafeData(i.store) }

// Grow implements guest.Instance.
func (i *instance) Grow(pages uint32) bool {
	_, err := i.memory.Grow(i.store, uint64(pages))
	return err == nil
}

// Global implements guest.Instance.
func (i *instance) Global(name string) guest.Global {
	e := i.instance.GetExport(i.store, name)
	if e == nil || e.Global() == nil {
		return nil
	}
	t := e.Global().Type(i.store)
	if !t.Mutable() {
		return nil
	}
	switch t.Content().Kind() {
	case wasmtime.KindI32, wasmtime.KindI64, wasmtime.KindF32, wasmtime.KindF64:
		return &global{store: i.store, global: e.Global(), kind: t.Content().Kind()}
	}
	return nil
}

type global struct {
	store  *wasmtime.Store
	global *wasmtime.Global
	kind   wasmtime.ValKind
}

// Get implements guest.Global.
func (g *global) Get() uint64 { return word(g.global.Get(g.store)) }

// Set implements guest.Global.
func (g *global) Set(bits uint64) {
	t := map[wasmtime.ValKind]wasm.ValueType{wasmtime.KindI32: wasm.I32, wasmtime.KindI64: wasm.I64, wasmtime.KindF32: wasm.F32, wasmtime.KindF64: wasm.F64}[g.kind]
	_ = g.global.Set(g.store, val(t, bits)) // fails only for another type
}

// Export implements guest.Instance. Exports of ABI v1 take i32 and return at most one number.
func (i *instance) Export(name string) guest.Func {
	f := i.instance.GetFunc(i.store, name)
	if f == nil {
		return nil
	}
	count := len(f.Type(i.store).Params())
	return func(ctx context.Context, stack []uint64) error {
		params := make([]any, count)
		for n := range params {
			params[n] = int32(stack[n])
		}
		i.ctx = ctx
		defer func() { i.ctx = nil }()
		result, err := f.Call(i.store, params...)
		switch r := result.(type) {
		case int32:
			stack[0] = uint64(uint32(r))
		case int64:
			stack[0] = uint64(r)
		}
		return cause(err)
	}
}

// cause leaves of a trap what happened, without the backtrace.
func cause(err error) error {
	if err == nil {
		return nil
	}
	if trap, ok := errors.AsType[*wasmtime.Trap](err); ok {
		if code := trap.Code(); code != nil && *code == wasmtime.StackOverflow {
			return guest.ErrStack
		}
	}
	if _, what, ok := strings.Cut(err.Error(), "wasm trap: "); ok {
		return errors.New(what)
	}
	return err
}

func word(v wasmtime.Val) uint64 {
	switch v.Kind() {
	case wasmtime.KindI32:
		return uint64(uint32(v.I32()))
	case wasmtime.KindI64:
		return uint64(v.I64())
	case wasmtime.KindF32:
		return uint64(math.Float32bits(v.F32()))
	}
	return math.Float64bits(v.F64())
}

func val(t wasm.ValueType, word uint64) wasmtime.Val {
	switch t {
	case wasm.I32:
		return wasmtime.ValI32(int32(word))
	case wasm.I64:
		return wasmtime.ValI64(int64(word))
	case wasm.F32:
		return wasmtime.ValF32(math.Float32frombits(uint32(word)))
	}
	return wasmtime.ValF64(math.Float64frombits(word))
}
