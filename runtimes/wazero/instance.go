package wazero

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/image"
)

// An instance is a module with a memory of its own.
type instance struct {
	code   *code
	module api.Module
	memory *memory
	view   image.View
}

// Instantiate implements guest.Code. WithName("") overrides the module's own name section.
func (c *code) Instantiate(ctx context.Context) (_ guest.Instance, err error) {
	memory, err := reserve(c.low, c.high)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			memory.Free()
		}
	}()
	defer recovered(&err)
	m, err := c.runtime.InstantiateModule(experimental.WithMemoryAllocator(ctx, memory), c.compiled,
		wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, err
	}
	return &instance{code: c, module: m, memory: memory}, nil
}

// Export implements guest.Instance.
func (i *instance) Export(name string) guest.Func {
	if f := i.module.ExportedFunction(name); f != nil {
		return f.CallWithStack
	}
	return nil
}

// Global implements guest.Instance.
func (i *instance) Global(name string) guest.Global {
	if g, ok := i.module.ExportedGlobal(name).(api.MutableGlobal); ok {
		return g
	}
	return nil
}

// Memory implements guest.Instance.
func (i *instance) Memory() []byte { return i.memory.bytes() }

// Grow implements guest.Instance.
func (i *instance) Grow(pages uint32) bool {
	_, ok := i.module.Memory().Grow(pages)
	return ok
}

// Freeze implements guest.Freezer.
func (i *instance) Freeze() (*image.Image, error) { return i.code.Images.Freeze(i.memory.bytes()) }

// Thaw implements guest.Freezer.
func (i *instance) Thaw(m *image.Image) error { return i.view.Thaw(i.memory.bytes(), m) }

// Close implements guest.Instance. It frees the memory.
func (i *instance) Close(ctx context.Context) error { return i.module.Close(ctx) }
