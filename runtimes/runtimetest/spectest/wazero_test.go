package spectest

import (
	"context"
	"maps"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"bulkhead/runtimes/wasm"
)

// machines returns the engines in this binary by name.
func machines() map[string]machine {
	all := map[string]machine{
		"wazero":             wazeroMachine{wazero.NewRuntimeConfigCompiler()},
		"wazero interpreter": wazeroMachine{wazero.NewRuntimeConfigInterpreter()},
	}
	maps.Copy(all, taggedMachines())
	return all
}

type wazeroMachine struct{ config wazero.RuntimeConfig }

func (m wazeroMachine) instantiate(t *testing.T, module []byte, o *wasm.Outline, yield func(int64) (int64, error)) (instance, error) {
	ctx := context.Background()
	i := wazeroInstance{Runtime: wazero.NewRuntimeWithConfig(ctx, m.config)}
	builders := map[string]wazero.HostModuleBuilder{}
	add := func(module, name string, typ wasm.FuncType, f api.GoFunc) {
		if builders[module] == nil {
			builders[module] = i.NewHostModuleBuilder(module)
		}
		builders[module].NewFunctionBuilder().WithGoFunction(f, wazeroTypes(typ.Params), wazeroTypes(typ.Results)).Export(name)
	}
	for _, f := range o.Imports {
		add(f.Module, f.Name, f.Type, func(context.Context, []uint64) {})
	}
	if yield != nil {
		add(wasm.YieldModule, wasm.YieldName, wasm.Signature("I", "I"), func(_ context.Context, stack []uint64) {
			next, err := yield(int64(stack[0]))
			if err != nil {
				panic(err)
			}
			stack[0] = uint64(next)
		})
	}
	for _, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	i.module, err = i.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithName(""))
	return i, err
}

func wazeroTypes(types []wasm.ValueType) (out []api.ValueType) {
	for _, t := range types {
		out = append(out, api.ValueType(t))
	}
	return out
}

type wazeroInstance struct {
	wazero.Runtime
	module api.Module
}

func (i wazeroInstance) call(name string, params []uint64) ([]uint64, error) {
	return i.module.ExportedFunction(name).Call(context.Background(), params...)
}

func (i wazeroInstance) global(name string) []uint64 {
	return []uint64{i.module.ExportedGlobal(name).Get()}
}

func (i wazeroInstance) setGlobal(name string, bits uint64) {
	i.module.ExportedGlobal(name).(api.MutableGlobal).Set(bits)
}

func (i wazeroInstance) close() { i.Close(context.Background()) }
