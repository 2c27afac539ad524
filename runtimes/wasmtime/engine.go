//go:build wasmtime

package wasmtime

import (
	"context"
	"fmt"
	"runtime"

	"github.com/bytecodealliance/wasmtime-go/v39"

	"bulkhead/runtimes"
	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/wasm"
)

const (
	// version is that of the library, as go.mod has it.
	version = "v39.0.1"
	// maxStack bounds the machine's stack under a guest, in bytes: half of what a thread has. The budget that package wasm
	// gives is counted in frames that are larger than any in truth, and is used up first.
	maxStack = 4 << 20
)

// New returns the backend.
func New() runtimes.Backend { return guest.New(&engine{wasmtime.NewEngineWithConfig(features())}) }

// features switches off what ABI v1 has not and wasmtime has by default, or may have in its next version.
func features() *wasmtime.Config {
	c := wasmtime.NewConfig()
	c.SetMaxWasmStack(maxStack)
	c.SetWasmThreads(false)
	c.SetWasmRelaxedSIMD(false)
	c.SetWasmMultiMemory(false)
	c.SetWasmMemory64(false)
	c.SetWasmTailCall(false)
	c.SetWasmFunctionReferences(false)
	c.SetWasmGC(false)
	c.SetWasmWideArithmetic(false)
	c.SetWasmSIMD(true)
	c.SetWasmBulkMemory(true)
	c.SetWasmReferenceTypes(true)
	c.SetWasmMultiValue(true)
	return c
}

type engine struct{ *wasmtime.Engine }

// ID implements guest.Engine. What else code depends on, the library checks itself: features of the processor, settings.
func (e *engine) ID() string {
	return fmt.Sprint("wasmtime ", version, " ", runtime.GOOS, "/", runtime.GOARCH)
}

// Validate implements guest.Engine.
func (e *engine) Validate(_ context.Context, module []byte) error {
	return wasmtime.ModuleValidate(e.Engine, module)
}

// Close implements guest.Engine.
func (e *engine) Close(context.Context) error {
	e.Engine.Close()
	return nil
}

// Compile implements guest.Engine.
func (e *engine) Compile(_ context.Context, module []byte, imports []guest.Import, pages uint32, saved []byte) (guest.Code, error) {
	m, err := e.module(module, saved)
	if err != nil {
		return nil, err
	}
	c := &code{engine: e.Engine, module: m, linker: wasmtime.NewLinker(e.Engine), memory: int64(pages) << 16}
	for _, i := range imports {
		if err := c.linker.FuncNew(i.Module, i.Name, funcType(i.Type), hostFunc(i)); err != nil {
			c.Close(context.Background())
			return nil, fmt.Errorf("linking %s.%s: %w", i.Module, i.Name, err)
		}
	}
	return c, nil
}

// module takes saved for code that this library made, as the cache says.
func (e *engine) module(module, saved []byte) (*wasmtime.Module, error) {
	if saved != nil {
		return wasmtime.NewModuleDeserialize(e.Engine, saved)
	}
	return wasmtime.NewModule(e.Engine, module)
}

func funcType(t wasm.FuncType) *wasmtime.FuncType {
	return wasmtime.NewFuncType(valTypes(t.Params), valTypes(t.Results))
}

func valTypes(types []wasm.ValueType) (out []*wasmtime.ValType) {
	for _, t := range types {
		kind := map[wasm.ValueType]wasmtime.ValKind{
			wasm.I32: wasmtime.KindI32, wasm.I64: wasmtime.KindI64, wasm.F32: wasmtime.KindF32, wasm.F64: wasmtime.KindF64,
		}[t]
		out = append(out, wasmtime.NewValType(kind))
	}
	return out
}

// hostFunc finds the context of the running call in the store that the guest calls from.
func hostFunc(i guest.Import) func(*wasmtime.Caller, []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
	return func(caller *wasmtime.Caller, params []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
		stack := make([]uint64, max(len(params), len(i.Type.Results)))
		for n, p := range params {
			stack[n] = word(p)
		}
		if err := i.Func(caller.Data().(*instance).ctx, stack); err != nil {
			return nil, wasmtime.NewTrap(err.Error())
		}
		results := make([]wasmtime.Val, len(i.Type.Results))
		for n, t := range i.Type.Results {
			results[n] = val(t, stack[n])
		}
		return results, nil
	}
}

type code struct {
	engine *wasmtime.Engine
	module *wasmtime.Module
	linker *wasmtime.Linker
	memory int64 // bytes
}

// Serialize implements guest.Code.
func (c *code) Serialize() []byte {
	saved, err := c.module.Serialize()
	if err != nil {
		return nil
	}
	return saved
}

// Close implements guest.Code.
func (c *code) Close(context.Context) error {
	c.linker.Close()
	c.module.Close()
	return nil
}
