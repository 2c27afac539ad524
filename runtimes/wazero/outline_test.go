package wazero_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/wasi"
	"bulkhead/runtimes/wasm"
)

// Every function of preview 1 that wazero knows is importable here, with the same type, and no other.
func TestWASITypes(t *testing.T) {
	r := wazero.NewRuntime(t.Context())
	defer r.Close(t.Context())
	peer, err := wasi_snapshot_preview1.NewBuilder(r).Compile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	for name, f := range peer.ExportedFunctions() {
		theirs[name] = typeOf(f).String()
	}
	ours := map[string]string{}
	for _, f := range wasi.New().Functions() {
		ours[f.Name] = f.Type.String()
	}
	if !maps.Equal(ours, theirs) {
		t.Errorf("ours %v\ntheirs %v", ours, theirs)
	}
}

// FuzzOutline holds what package wasm reads of a module against what wazero makes of it: an import or a type that only
// the engine sees would get past the checks of Load.
func FuzzOutline(f *testing.F) {
	for _, module := range runtimetest.Seeds() {
		f.Add(module)
	}
	f.Fuzz(func(t *testing.T, module []byte) {
		o, err := wasm.Read(module)
		if err != nil {
			return // and never shown to wazero, which may die of it
		}
		r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(16))
		defer r.Close(t.Context())
		c, err := r.CompileModule(t.Context(), module)
		if err != nil {
			return
		}
		compareImports(t, o, c)
		compareExports(t, o, c)
	})
}

func compareImports(t *testing.T, o *wasm.Outline, c wazero.CompiledModule) {
	var ours, theirs []string
	for _, i := range o.Imports {
		if i.Kind == wasm.KindFunc {
			ours = append(ours, i.Module+"\x00"+i.Name+"\x00"+i.Type.String())
		}
	}
	for _, f := range c.ImportedFunctions() {
		module, name, _ := f.Import()
		theirs = append(theirs, module+"\x00"+name+"\x00"+typeOf(f).String())
	}
	if !slices.Equal(ours, theirs) {
		t.Errorf("imports %q, wazero sees %q", ours, theirs)
	}
}

func compareExports(t *testing.T, o *wasm.Outline, c wazero.CompiledModule) {
	ours, theirs := map[string]string{}, map[string]string{}
	for _, e := range o.Exports {
		if e.Kind == wasm.KindFunc {
			ours[e.Name] = e.Type.String()
		}
		if _, isMemory := c.ExportedMemories()[e.Name]; isMemory != (e.Kind == wasm.KindMemory) {
			t.Errorf("export %q is a %s, wazero disagrees", e.Name, e.Kind)
		}
	}
	for name, f := range c.ExportedFunctions() {
		theirs[name] = typeOf(f).String()
	}
	if !maps.Equal(ours, theirs) {
		t.Errorf("exports %q, wazero sees %q", ours, theirs)
	}
}

func typeOf(f api.FunctionDefinition) wasm.FuncType {
	return wasm.FuncType{Params: values(f.ParamTypes()), Results: values(f.ResultTypes())}
}

func values(types []api.ValueType) (out []wasm.ValueType) {
	for _, t := range types {
		out = append(out, wasm.ValueType(t))
	}
	return out
}
