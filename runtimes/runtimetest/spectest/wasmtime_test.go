//go:build wasmtime

package spectest

import (
	"math"
	"slices"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v39"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

func taggedMachines() map[string]machine {
	return map[string]machine{"wasmtime": &wasmtimeMachine{wasmtime.NewEngine()}}
}

type wasmtimeMachine struct{ engine *wasmtime.Engine }

func (m *wasmtimeMachine) instantiate(_ *testing.T, module []byte, o *wasm.Outline, yield func(int64) (int64, error)) (instance, error) {
	i := &wasmtimeInstance{outline: o, store: wasmtime.NewStore(m.engine)}
	linker := wasmtime.NewLinker(m.engine)
	defer linker.Close()
	linker.AllowShadowing(true)
	for _, f := range o.Imports {
		nothing := func(*wasmtime.Caller, []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) { return nil, nil }
		if err := linker.FuncNew(f.Module, f.Name, wasmtimeType(f.Type), nothing); err != nil {
			return nil, err
		}
	}
	if yield != nil {
		f := func(_ *wasmtime.Caller, params []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
			next, err := yield(params[0].I64())
			if err != nil {
				return nil, wasmtime.NewTrap(err.Error())
			}
			return []wasmtime.Val{wasmtime.ValI64(next)}, nil
		}
		if err := linker.FuncNew(wasm.YieldModule, wasm.YieldName, wasmtimeType(wasm.Signature("I", "I")), f); err != nil {
			return nil, err
		}
	}
	compiled, err := wasmtime.NewModule(m.engine, module)
	if err != nil {
		return nil, err
	}
	defer compiled.Close()
	if i.module, err = linker.Instantiate(i.store, compiled); err != nil {
		return nil, err
	}
	return i, i.adapt(m.engine)
}

func wasmtimeType(t wasm.FuncType) *wasmtime.FuncType {
	list := func(types []wasm.ValueType) (out []*wasmtime.ValType) {
		for _, t := range types {
			out = append(out, wasmtime.NewValType(map[wasm.ValueType]wasmtime.ValKind{
				wasm.I32: wasmtime.KindI32, wasm.I64: wasmtime.KindI64, wasm.F32: wasmtime.KindF32, wasm.F64: wasmtime.KindF64,
			}[t]))
		}
		return out
	}
	return wasmtime.NewFuncType(list(t.Params), list(t.Results))
}

// A wasmtimeInstance is a module, and adapters for its functions with vectors, of which wasmtime-go has no values.
type wasmtimeInstance struct {
	outline  *wasm.Outline
	store    *wasmtime.Store
	module   *wasmtime.Instance
	adapters *wasmtime.Instance // nil: none are needed
}

func (i *wasmtimeInstance) call(name string, params []uint64) ([]uint64, error) {
	from, typ := i.module, i.typeOf(name)
	if hasVector(typ) {
		from, typ = i.adapters, adapted(typ)
	}
	var values []any
	for n, p := range params {
		values = append(values, wasmtimeVal(typ.Params[n], p))
	}
	result, err := from.GetFunc(i.store, name).Call(i.store, values...)
	if err != nil {
		return nil, err
	}
	switch result := result.(type) {
	case nil:
		if len(typ.Results) == 1 { // a null reference
			return []uint64{0}, nil
		}
		return nil, nil
	case []wasmtime.Val:
		var out []uint64
		for _, v := range result {
			out = append(out, wasmtimeWord(v.Get()))
		}
		return out, nil
	default:
		return []uint64{wasmtimeWord(result)}, nil
	}
}

func (i *wasmtimeInstance) typeOf(name string) wasm.FuncType {
	at := slices.IndexFunc(i.outline.Exports, func(e wasm.Export) bool { return e.Name == name })
	return i.outline.Exports[at].Type
}

func wasmtimeVal(t wasm.ValueType, word uint64) any {
	switch t {
	case wasm.I32:
		return wasmtime.ValI32(int32(word))
	case wasm.I64:
		return wasmtime.ValI64(int64(word))
	case wasm.F32:
		return wasmtime.ValF32(math.Float32frombits(uint32(word)))
	case wasm.F64:
		return wasmtime.ValF64(math.Float64frombits(word))
	case wasm.Funcref:
		return wasmtime.ValFuncref(nil)
	}
	if word == 0 {
		return wasmtime.ValExternref(nil)
	}
	return wasmtime.ValExternref(word)
}

func wasmtimeWord(v any) uint64 {
	switch v := v.(type) {
	case int32:
		return uint64(uint32(v))
	case int64:
		return uint64(v)
	case float32:
		return uint64(math.Float32bits(v))
	case float64:
		return math.Float64bits(v)
	case uint64: // what an external reference holds
		return v
	case *wasmtime.Func:
		if v != nil {
			return 1
		}
	}
	return 0
}

func (i *wasmtimeInstance) global(name string) []uint64 {
	return []uint64{wasmtimeWord(i.module.GetExport(i.store, name).Global().Get(i.store).Get())}
}

func (i *wasmtimeInstance) setGlobal(name string, bits uint64) {
	g := i.module.GetExport(i.store, name).Global()
	value := wasmtime.ValI64(int64(bits))
	if g.Type(i.store).Content().Kind() == wasmtime.KindI32 {
		value = wasmtime.ValI32(int32(bits))
	}
	if err := g.Set(i.store, value); err != nil {
		panic(err)
	}
}

func (i *wasmtimeInstance) close() { i.store.Close() }

func hasVector(t wasm.FuncType) bool {
	return slices.Contains(t.Params, wasm.V128) || slices.Contains(t.Results, wasm.V128)
}

// adapted has two i64 for each v128.
func adapted(t wasm.FuncType) wasm.FuncType {
	halves := func(types []wasm.ValueType) (out []wasm.ValueType) {
		for _, t := range types {
			if t == wasm.V128 {
				out = append(out, wasm.I64)
				t = wasm.I64
			}
			out = append(out, t)
		}
		return out
	}
	return wasm.FuncType{Params: halves(t.Params), Results: halves(t.Results)}
}

// adapt links a module that imports every function with vectors and exports it without.
func (i *wasmtimeInstance) adapt(engine *wasmtime.Engine) error {
	m, imports := &w.Module{}, []wasmtime.AsExtern{}
	var chosen []wasm.Export
	for _, e := range i.outline.Exports {
		if e.Kind == wasm.KindFunc && hasVector(e.Type) {
			m.Import("", "", e.Type)
			imports = append(imports, i.module.GetFunc(i.store, e.Name))
			chosen = append(chosen, e)
		}
	}
	if chosen == nil {
		return nil
	}
	for n, e := range chosen {
		m.Export(e.Name, wasm.KindFunc, m.RawFunc(adapted(e.Type), adapterBody(uint32(n), e.Type)))
	}
	compiled, err := wasmtime.NewModule(engine, m.Bytes())
	if err != nil {
		return err
	}
	defer compiled.Close()
	i.adapters, err = wasmtime.NewInstance(i.store, compiled, imports)
	return err
}

// adapterBody joins halves, calls, and takes the results apart, by way of a local for each.
func adapterBody(function uint32, t wasm.FuncType) []byte {
	body := []byte{byte(len(t.Results))}
	for _, r := range t.Results {
		body = append(body, 1, byte(r))
	}
	local := uint32(0)
	for _, p := range t.Params {
		body = append(body, w.Get(local)...)
		if local++; p == wasm.V128 {
			body = append(append(body, 0xfd, 0x12), w.Get(local)...) // i64x2.splat
			body = append(body, 0xfd, 0x1e, 1)                       // i64x2.replace_lane
			local++
		}
	}
	body = append(body, w.Call(function)...)
	for n := len(t.Results) - 1; n >= 0; n-- {
		body = append(body, w.Set(local+uint32(n))...)
	}
	for n, r := range t.Results {
		body = append(body, w.Get(local+uint32(n))...)
		if r == wasm.V128 {
			body = append(append(append(body, 0xfd, 0x1d, 0), w.Get(local+uint32(n))...), 0xfd, 0x1d, 1) // i64x2.extract_lane
		}
	}
	return append(body, 0x0b)
}
