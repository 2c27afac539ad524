package peers

import (
	"context"
	"fmt"
	"time"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
)

// An Extism is a guest that was compiled as a user of the SDK would. Its host functions take memory of Extism's kernel.
type Extism struct{ plugin *extism.CompiledPlugin }

// NewExtism compiles a guest, with a timeout or, if 0, none. With hosted it has HostFunction.
func NewExtism(ctx context.Context, guest []byte, timeout time.Duration, hosted HostFunc) (*Extism, error) {
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: guest}}, Timeout: uint64(timeout / time.Millisecond)}
	var functions []extism.HostFunction
	if hosted != nil {
		functions = append(functions, extismFunction(hosted))
	}
	c, err := extism.NewCompiledPlugin(ctx, manifest, extism.PluginConfig{}, functions)
	return &Extism{c}, err
}

func extismFunction(hosted HostFunc) extism.HostFunction {
	f := extism.NewHostFunctionWithStack(HostFunction, func(_ context.Context, p *extism.CurrentPlugin, stack []uint64) {
		data, ok := p.Memory().Read(uint32(stack[0]), uint32(stack[1]))
		stack[0] = 0
		if !ok || hosted(data) != nil {
			stack[0] = 1
		}
	}, []extism.ValueType{extism.ValueTypeI64, extism.ValueTypeI64}, []extism.ValueType{extism.ValueTypeI32})
	f.SetNamespace(HostModule)
	return f
}

// Close frees everything.
func (e *Extism) Close() { e.plugin.Close(context.Background()) }

// Instance makes one, of which close is the end.
func (e *Extism) Instance(ctx context.Context, function string) (c Caller, close func(), err error) {
	p, err := e.plugin.Instance(ctx, extism.PluginInstanceConfig{ModuleConfig: wazero.NewModuleConfig()})
	if err != nil {
		return nil, nil, err
	}
	return called(p, function), func() { p.Close(ctx) }, nil
}

func called(p *extism.Plugin, function string) Caller {
	return func(ctx context.Context, _, request []byte) ([]byte, error) {
		code, answer, err := p.CallWithContext(ctx, function, request)
		if err == nil && code != 0 {
			err = fmt.Errorf("exit code %d", code)
		}
		return answer, err
	}
}

// OneExtism keeps its instance, with whatever one call leaves for the next. An asset is given to it by a call of "asset".
func OneExtism(ctx context.Context, k Keeper, guest []byte, function string, timeout time.Duration, w World) (Caller, error) {
	e, err := NewExtism(ctx, guest, timeout, w.Host)
	if err != nil {
		return nil, err
	}
	k.Closing(e.Close)
	p, err := e.plugin.Instance(ctx, extism.PluginInstanceConfig{ModuleConfig: wazero.NewModuleConfig()})
	if err != nil {
		return nil, err
	}
	k.Closing(func() { p.Close(context.Background()) })
	if w.Asset != nil {
		if _, err := called(p, "asset")(ctx, nil, w.Asset); err != nil {
			return nil, err
		}
	}
	return called(p, function), nil
}

// FreshExtism makes an instance for every call, which is how calls start clean there.
func FreshExtism(ctx context.Context, k Keeper, guest []byte, function string, timeout time.Duration) (Caller, error) {
	e, err := NewExtism(ctx, guest, timeout, nil)
	if err != nil {
		return nil, err
	}
	k.Closing(e.Close)
	return func(ctx context.Context, dst, request []byte) ([]byte, error) {
		c, end, err := e.Instance(ctx, function)
		if err != nil {
			return nil, err
		}
		defer end()
		return c(ctx, dst, request)
	}, nil
}
