package wazero

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/wasm"
)

// Compile implements guest.Engine with a runtime for one plugin. The compiler runs on this goroutine alone, where a panic
// can be recovered.
func (e engine) Compile(ctx context.Context, module []byte, imports []guest.Import, pages uint32, saved []byte) (_ guest.Code, err error) {
	config := wazero.NewRuntimeConfig().WithCoreFeatures(features).WithMemoryLimitPages(pages).WithDebugInfoEnabled(false)
	c := &code{engine: e, sum: e.sum(module)}
	if saved != nil {
		own, ok := bytes.CutPrefix(saved, c.sum)
		if c.file.saved, module = own, hollow(module); !ok || module == nil {
			return nil, errSaved
		}
	}
	if c.cache = c.file.cache(); c.cache != nil {
		config = config.WithCompilationCache(c.cache)
	}
	c.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	defer func() {
		if err != nil {
			c.Close(ctx)
		}
	}()
	defer recovered(&err)
	if err := c.build(ctx, module, imports); err != nil {
		return nil, err
	}
	if saved != nil && !c.file.used {
		return nil, errSaved
	}
	return c, nil
}

// sum is what saved code begins with: it is of this module, for this engine and processor.
func (e engine) sum(module []byte) []byte {
	h := sha256.New()
	h.Write([]byte(e.ID()))
	h.Write(module)
	return h.Sum(nil)
}

var errSaved = errors.New("the saved code is of another module, processor or version")

// code is a runtime with one module.
type code struct {
	engine
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	sum      []byte
	file     codeFile
	cache    wazero.CompilationCache // holds file, owns the runtime's engine; may be nil
	low      uint64                  // bytes of memory that an instance starts with
	high     uint64                  // and may have
}

func (c *code) build(ctx context.Context, module []byte, imports []guest.Import) error {
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
	if c.compiled, err = c.runtime.CompileModule(ctx, module); err != nil {
		return err
	}
	memory, ok := c.compiled.ExportedMemories()[abi.ExportMemory]
	if !ok {
		return fmt.Errorf("export %s is missing", abi.ExportMemory)
	}
	high, _ := memory.Max()
	c.low, c.high = uint64(memory.Min())<<16, uint64(high)<<16
	return nil
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

// Serialize implements guest.Code.
func (c *code) Serialize() []byte {
	saved := c.file.take()
	if saved == nil {
		return nil
	}
	return append(c.sum, saved...)
}

// Close implements guest.Code.
func (c *code) Close(ctx context.Context) error {
	err := c.runtime.Close(ctx)
	if c.cache != nil {
		err = errors.Join(err, c.cache.Close(ctx))
	}
	return err
}
