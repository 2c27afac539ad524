package guest

import (
	"errors"
	"fmt"
	"strings"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wasm"
)

// outline reads p's module, with or without its code.
func outline(p runtimes.Program, read func([]byte) (*wasm.Outline, error)) (*wasm.Outline, error) {
	o, err := read(p.Wasm)
	if errors.Is(err, wasm.ErrLimit) {
		return nil, refuse(p, "reading the module: "+err.Error(), runtimes.ErrLimit)
	}
	if err != nil {
		return nil, refuse(p, "reading the module", err)
	}
	return o, nil
}

// checkModule refuses a module whose structure, imports or exports are not ABI v1 within p's grants. Its code is not read
// yet.
func checkModule(p runtimes.Program, known map[symbol]function) (*wasm.Outline, error) {
	o, err := outline(p, wasm.ReadHead)
	if err != nil {
		return nil, err
	}
	if o.Start {
		return nil, refuse(p, "a start section is not allowed", nil)
	}
	if err := checkImports(p, o.Imports, known); err != nil {
		return nil, err
	}
	if err := checkMemory(p, o.Memories); err != nil {
		return nil, err
	}
	return o, checkExports(p, o)
}

func checkMemory(p runtimes.Program, memories []wasm.Memory) error {
	if len(memories) != 1 {
		return refuse(p, fmt.Sprintf("the module must define exactly one memory, it defines %d", len(memories)), nil)
	}
	if low, most := memories[0].Min, pages(p.Limits.Memory); low > most {
		return refuse(p, fmt.Sprintf("the module starts with %d pages of memory, it may have %d", low, most), runtimes.ErrLimit)
	}
	return nil
}

func checkImports(p runtimes.Program, imports []wasm.Import, known map[symbol]function) error {
	for _, i := range imports {
		name := quote(i.Module) + "." + quote(i.Name)
		f, ok := known[symbol{i.Module, i.Name}]
		switch {
		case i.Kind != wasm.KindFunc:
			return refuse(p, fmt.Sprintf("import %s is a %s, only functions can be imported", name, i.Kind), nil)
		case !ok:
			return refuse(p, fmt.Sprintf("import %s is unknown", name), nil)
		case f.wasi && !p.WASI:
			return refuse(p, fmt.Sprintf("import %s needs wasi = true", name), nil)
		case !p.Grants.Has(f.needs):
			return refuse(p, fmt.Sprintf("import %s is not granted", name), nil)
		case !i.Type.Equal(f.typ):
			return refuse(p, fmt.Sprintf("import %s has type %s, want %s", name, i.Type, f.typ), nil)
		}
	}
	return nil
}

func checkExports(p runtimes.Program, o *wasm.Outline) error {
	seen := map[string]bool{}
	for _, e := range o.Exports {
		name := quote(e.Name)
		want, ours := exportType(e.Name)
		switch {
		case seen[e.Name]:
			return refuse(p, fmt.Sprintf("export %s is repeated", name), nil)
		case strings.HasPrefix(e.Name, "__bulkhead"):
			return refuse(p, fmt.Sprintf("export %s has a reserved name", name), nil)
		case (e.Kind == wasm.KindMemory) != (e.Name == abi.ExportMemory):
			return refuse(p, fmt.Sprintf("export %s is a %s; there is exactly one exported memory, named %s", name, e.Kind, abi.ExportMemory), nil)
		case ours && e.Kind != wasm.KindFunc:
			return refuse(p, fmt.Sprintf("export %s is a %s, want a function", name, e.Kind), nil)
		case ours && e.Imported:
			return refuse(p, fmt.Sprintf("export %s hands on an import", name), nil)
		case ours && !e.Type.Equal(want):
			return refuse(p, fmt.Sprintf("export %s has type %s, want %s", name, e.Type, want), nil)
		}
		seen[e.Name] = true
	}
	for _, name := range []string{abi.ExportMemory, abi.ExportInput, abi.ExportHandle} {
		if !seen[name] {
			return refuse(p, fmt.Sprintf("export %s is missing", quote(name)), nil)
		}
	}
	if p.Config != nil && !seen[abi.ExportConfigure] {
		return refuse(p, fmt.Sprintf("there is a configuration but no export %s", quote(abi.ExportConfigure)), nil)
	}
	return nil
}

// exportType returns the type that ABI v1 gives an export of that name, if any.
func exportType(name string) (t wasm.FuncType, ok bool) {
	for _, e := range abi.Exports() {
		if e.Name == name {
			return wasm.Signature(e.Params, e.Results), true
		}
	}
	return t, false
}

func exported(o *wasm.Outline, name string) bool {
	for _, e := range o.Exports {
		if e.Name == name {
			return true
		}
	}
	return false
}

// quote makes a name from a module fit for one line of text.
func quote(name string) string {
	const most = 64
	if len(name) > most {
		return fmt.Sprintf("%q...", name[:most])
	}
	return fmt.Sprintf("%q", name)
}
