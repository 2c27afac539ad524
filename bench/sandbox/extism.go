package main

import (
	"context"
	"fmt"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"

	"bulkhead/bench/sandbox/guests"
)

// compiledExtism compiles a guest as a user of the SDK would, with a timeout in milliseconds or, if 0, none.
func compiledExtism(ctx context.Context, guest []byte, timeout uint64) (*extism.CompiledPlugin, error) {
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: guest}}, Timeout: timeout}
	return extism.NewCompiledPlugin(ctx, manifest, extism.PluginConfig{}, nil)
}

func instance(ctx context.Context, c *extism.CompiledPlugin) (*extism.Plugin, error) {
	return c.Instance(ctx, extism.PluginInstanceConfig{ModuleConfig: wazero.NewModuleConfig()})
}

// extism is an echo that keeps its instance, with whatever one call leaves for the next.
func (b *bench) extism(guest []byte, timeout uint64) (caller, error) {
	c, err := compiledExtism(b.ctx, guest, timeout)
	if err != nil {
		return nil, err
	}
	b.closing(func() { c.Close(context.Background()) })
	p, err := instance(b.ctx, c)
	if err != nil {
		return nil, err
	}
	b.closing(func() { p.Close(context.Background()) })
	return func(ctx context.Context, _, request []byte) ([]byte, error) { return echoed(ctx, p, request) }, nil
}

// freshExtism makes an instance for every call, which is how calls start clean there.
func (b *bench) freshExtism(guest []byte, timeout uint64) (caller, error) {
	c, err := compiledExtism(b.ctx, guest, timeout)
	if err != nil {
		return nil, err
	}
	b.closing(func() { c.Close(context.Background()) })
	return func(ctx context.Context, _, request []byte) ([]byte, error) {
		p, err := instance(ctx, c)
		if err != nil {
			return nil, err
		}
		defer p.CloseWithContext(ctx)
		return echoed(ctx, p, request)
	}, nil
}

func echoed(ctx context.Context, p *extism.Plugin, request []byte) ([]byte, error) {
	code, answer, err := p.CallWithContext(ctx, guests.EchoName, request)
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d", code)
	}
	return answer, err
}
