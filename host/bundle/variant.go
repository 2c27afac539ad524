package bundle

import (
	"fmt"
	"maps"
	"slices"

	"bulkhead/runtimes/wasm"
)

// A Module is one of the modules of a bundle.
type Module struct {
	File    string // its name in the bundle
	Digest  string // SHA-256, lower-case hex
	Wasm    []byte
	Relaxed bool // it may use relaxed SIMD
}

// Module returns what runs where relaxed SIMD is offered, or is not.
func (c *Contents) Module(relaxedSIMD bool) Module {
	if relaxedSIMD && c.Relaxed != nil {
		return Module{RelaxedFile, hexDigest(c.Relaxed), c.Relaxed, true}
	}
	return Module{WasmFile, hexDigest(c.Wasm), c.Wasm, false}
}

// checkVariants compares what the two modules ask for and offer: they are one plugin, whichever of them runs. Only the
// heads are read; loading reads the module that runs whole.
func (c *Contents) checkVariants() error {
	if !c.Descriptor.RelaxedSIMD {
		return nil
	}
	plain, err := interfaceOf(WasmFile, c.Wasm)
	if err != nil {
		return err
	}
	relaxed, err := interfaceOf(RelaxedFile, c.Relaxed)
	if err != nil {
		return err
	}
	for _, entry := range slices.Sorted(maps.Keys(plain)) {
		if !relaxed[entry] {
			return fmt.Errorf("%s has the %.300s, %s has not: both are one plugin", WasmFile, entry, RelaxedFile)
		}
	}
	for _, entry := range slices.Sorted(maps.Keys(relaxed)) {
		if !plain[entry] {
			return fmt.Errorf("%s has the %.300s, %s has not: both are one plugin", RelaxedFile, entry, WasmFile)
		}
	}
	return nil
}

// interfaceOf is the set of a module's imports and exports with their types, in words.
func interfaceOf(file string, module []byte) (map[string]bool, error) {
	o, err := wasm.ReadHead(module)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	out := map[string]bool{}
	for _, i := range o.Imports {
		out[entry("import", i.Kind, fmt.Sprintf("%q.%q", i.Module, i.Name), i.Type)] = true
	}
	for _, e := range o.Exports {
		out[entry("export", e.Kind, fmt.Sprintf("%q", e.Name), e.Type)] = true
	}
	return out, nil
}

func entry(what string, kind wasm.Kind, name string, t wasm.FuncType) string {
	if kind != wasm.KindFunc {
		return fmt.Sprintf("%s %s, a %s", what, name, kind)
	}
	return fmt.Sprintf("%s %s of type %s", what, name, t)
}
