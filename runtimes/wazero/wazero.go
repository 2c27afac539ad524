// Package wazero is the backend over github.com/tetratelabs/wazero, pure Go.
//
// Every plugin has a wazero runtime of its own and every instance is anonymous, so that no plugin can import from
// another. Runtimes never close on a done context: that check makes loops several times slower, misses code without
// loops, and leaves the module unusable.
package wazero

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/wasm"
)

// features are exactly those of ABI v1.
const features = api.CoreFeatureMutableGlobal | api.CoreFeatureSignExtensionOps | api.CoreFeatureBulkMemoryOperations |
	api.CoreFeatureNonTrappingFloatToIntConversion | api.CoreFeatureMultiValue | api.CoreFeatureReferenceTypes |
	api.CoreFeatureSIMD

// New returns the backend. On processors that wazero has no compiler for, it interprets.
func New() runtimes.Backend { return guest.New(engine{}) }

type engine struct{}

// ID implements guest.Engine.
func (engine) ID() string { return "wazero" }

// Validate implements guest.Engine with wazero's interpreter, which validates as the compiler does and is fast to compile.
func (engine) Validate(ctx context.Context, module []byte) error {
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features).WithDebugInfoEnabled(false))
	defer r.Close(ctx)
	_, err := r.CompileModule(ctx, module)
	return err
}

// Close has nothing to free: each code owns its runtime.
func (engine) Close(context.Context) error { return nil }

// Compile makes a runtime for one plugin.
func (engine) Compile(ctx context.Context, module []byte, imports []guest.Import, pages uint32, _ []byte) (guest.Code, error) {
	config := wazero.NewRuntimeConfig().WithCoreFeatures(features).WithMemoryLimitPages(pages).WithDebugInfoEnabled(false)
	c := &code{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if err := c.compile(ctx, module, imports); err != nil {
		c.runtime.Close(ctx)
		return nil, err
	}
	return c, nil
}

type code struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

func (c *code) compile(ctx context.Context, module []byte, imports []guest.Import) error {
	builders := map[string]wazero.HostModuleBuilder{}
	for _, i := range imports {
		b, ok := builders[i.Module]
		if !ok {
			b = c.runtime.NewHostModuleBuilder(i.Module)
			builders[i.Module] = b
		}
		b.NewFunctionBuilder().WithGoFunction(hostFunc(i.Func), types(i.Type.Params), types(i.Type.Results)).Export(i.Name)
	}
	for name, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("linking %s: %w", name, err)
		}
	}
	var err error
	c.compiled, err = c.runtime.CompileModule(ctx, module)
	return err
}

func types(in []wasm.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(in))
	for i, t := range in {
		out[i] = api.ValueType(t)
	}
	return out
}

// A hostFunc ends the guest's run the way wazero knows, by a panic that wazero recovers.
type hostFunc guest.Func

// Call implements api.GoFunction.
func (f hostFunc) Call(ctx context.Context, stack []uint64) {
	if err := f(ctx, stack); err != nil {
		panic(err)
	}
}

// Instantiate implements guest.Code. WithName("") overrides the module's own name section.
func (c *code) Instantiate(ctx context.Context) (guest.Instance, error) {
	m, err := c.runtime.InstantiateModule(ctx, c.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, err
	}
	return &instance{module: m, memory: m.ExportedMemory(abi.ExportMemory)}, nil
}

// Serialize implements guest.Code.
func (c *code) Serialize() []byte { return nil }

// Close implements guest.Code.
func (c *code) Close(ctx context.Context) error { return c.runtime.Close(ctx) }

type instance struct {
	module api.Module
	memory api.Memory
}

// Export implements guest.Instance.
func (i *instance) Export(name string) guest.Func {
	if f := i.module.ExportedFunction(name); f != nil {
		return f.CallWithStack
	}
	return nil
}

// Memory implements guest.Instance. A memory of 4 GiB would have size 0 here; guest never grants that much.
func (i *instance) Memory() []byte {
	view, _ := i.memory.Read(0, i.memory.Size())
	return view
}

// Global implements guest.Instance.
func (i *instance) Global(name string) guest.Global {
	if g, ok := i.module.ExportedGlobal(name).(api.MutableGlobal); ok {
		return g
	}
	return nil
}

// Grow implements guest.Instance.
func (i *instance) Grow(pages uint32) bool {
	_, ok := i.memory.Grow(pages)
	return ok
}

// Close implements guest.Instance.
func (i *instance) Close(ctx context.Context) error { return i.module.Close(ctx) }
