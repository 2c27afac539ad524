package wasm

import "bulkhead/abi"

// Capabilities returns what the import section asks its host for. It judges nothing: imports that no host offers are left
// to Load, which refuses them.
func (o *Outline) Capabilities() abi.Grants {
	var asked abi.Grants
	for _, i := range o.Imports {
		if c, ok := abi.ParseCapability(i.Name); ok && i.Module == abi.Module {
			asked |= abi.GrantsOf(c)
		}
	}
	return asked
}

// WASI reports whether the import section names WASI preview 1.
func (o *Outline) WASI() bool {
	for _, i := range o.Imports {
		if i.Module == abi.WASIModule {
			return true
		}
	}
	return false
}
