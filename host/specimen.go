package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bulkhead/abi"
	"bulkhead/host/bundle"
	"bulkhead/host/capability"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wasm"
)

// A specimen is a plugin on the workbench, as it came from its author. Nobody knows whose it is, and nothing of it was
// checked that Load does not check.
type specimen struct {
	name, digest string // as a host's log would have them
	role         abi.Role
	keys, models []string // names of slots
	tools        []string
	program      runtimes.Program // without host and limits
	relaxed      []byte           // its module for engines with relaxed SIMD; nil: there is one for all
	bundled      bool
	selfTests    []bundle.SelfTest
	quotas       capability.Quotas // zero: a host's
}

// slotless is the slot that a module has beside which no descriptor lies.
const slotless = "workbench"

// readSpecimen reads a bundle, signed or not, or a module alone.
func readSpecimen(path string) (*specimen, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &exitError{exitUsage, fmt.Errorf("there is no %s", path), "want the folder of a bundle, as 'bin/host plugin build SRC -o BUNDLE' makes it, or a .wasm file"}
	case err != nil:
		return nil, usage(err)
	case info.IsDir():
		return readBundle(path)
	case info.Mode().IsRegular() && info.Size() > bundle.MaxWasm:
		return nil, refused(fmt.Errorf("%s has %d bytes, a module has at most %d", path, info.Size(), bundle.MaxWasm), "")
	case info.Mode().IsRegular():
		return readModule(path)
	}
	return nil, usage(fmt.Errorf("%s is neither a folder nor a file", path))
}

func readBundle(dir string) (*specimen, error) {
	u, err := bundle.Inspect(dir)
	if err != nil {
		if _, source := os.Stat(filepath.Join(dir, bundle.SourceFile)); source == nil {
			return nil, hinted(err, "this is a plugin's source: build it first, 'bin/host plugin build "+dir+" -o BUNDLE'")
		}
		return nil, err
	}
	d := &u.Descriptor
	sp := &specimen{
		name: d.Name, digest: u.Digest, role: d.Role, keys: d.Keys, models: d.Models, relaxed: u.Relaxed, bundled: true, selfTests: u.SelfTests,
		program: runtimes.Program{Name: d.Name, Wasm: u.Wasm, Assets: u.Assets, Grants: d.Grants(), WASI: d.WASI, Stateful: d.Stateful},
	}
	for _, t := range d.Tools {
		sp.tools = append(sp.tools, t.Name)
	}
	return sp, nil
}

// readModule gives a module the role that may be granted everything, and slot 0 of what has slots.
func readModule(path string) (*specimen, error) {
	data, err := readBounded(path, bundle.MaxWasm)
	if err != nil {
		return nil, usage(err)
	}
	sum := sha256.Sum256(data)
	return &specimen{
		name: "workbench/module", digest: hex.EncodeToString(sum[:]), role: abi.RoleTool,
		program: runtimes.Program{Name: filepath.Base(path), Wasm: data},
	}, nil
}

// on returns the program for an engine: of two modules, the one that a host would run there.
func (sp *specimen) on(at placement) runtimes.Program {
	p := sp.program
	if sp.relaxed != nil && at.relaxedSIMD() {
		p.Wasm, p.RelaxedSIMD = sp.relaxed, true
	}
	return p
}

// moduleOn names the file that runs on an engine.
func (sp *specimen) moduleOn(at placement) string {
	switch {
	case !sp.bundled:
		return sp.program.Name
	case sp.relaxed != nil && at.relaxedSIMD():
		return bundle.RelaxedFile
	}
	return bundle.WasmFile
}

// grant gives the plugin other capabilities than its descriptor asks for.
func (sp *specimen) grant(g abi.Grants) error {
	if more := g &^ sp.role.Allowed(); more != 0 {
		return usage(fmt.Errorf("plugins of role %s may not have %s", sp.role, more))
	}
	sp.program.Grants = g
	return nil
}

// slots names those of a capability that is granted: the descriptor's, or one.
func (sp *specimen) slots(c abi.Capability, described []string) []string {
	switch {
	case !sp.program.Grants.Has(c):
		return nil
	case len(described) == 0:
		return []string{slotless}
	}
	return described
}

// missing says which flags would give a module that was refused what it imports, "" if that was not the reason.
func (sp *specimen) missing() string {
	o, err := wasm.ReadHead(sp.program.Wasm)
	if err != nil {
		return ""
	}
	flags := ""
	if asked := o.Capabilities(); asked&^sp.program.Grants != 0 {
		flags += " --grant " + (asked | sp.program.Grants).String()
	}
	if o.WASI() && !sp.program.WASI {
		flags += " --wasi"
	}
	return flags
}
