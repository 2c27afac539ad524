package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"bulkhead/host/manifest"
	"bulkhead/runtimes"
	"bulkhead/runtimes/worker"
)

// A placement says which engine runs a plugin, and where.
type placement struct {
	engine    string // its name in the manifest
	isolation manifest.Isolation
	worker    string // on the workbench: path of the program that is the worker; "": this one
}

// String is the placement as entries name it.
func (p placement) String() string { return p.engine + "/" + string(p.isolation) }

// relaxedSIMD reports whether the engine offers it.
func (p placement) relaxedSIMD() bool { return p.engine == "wasmtime" }

// placed is where the operator wants a plugin.
func placed(p manifest.Plugin) placement { return placement{engine: p.Backend, isolation: p.Isolation} }

// open makes the backend of a placement, which the caller closes. Its error carries exit code 3: there is no second best.
// Workers are processes of the given program, or of this one, and must have the required layers of a sandbox, beside those
// that all have.
func (p placement) open(program *worker.Executable, require ...string) (runtimes.Backend, error) {
	if err := p.forbidden(runtime.GOARCH); err != nil {
		return nil, err
	}
	switch p.isolation {
	case manifest.Process:
		if sandboxed()[p.engine] == nil && program == nil {
			return nil, refused(fmt.Errorf("no program has workers with the backend %s", p.engine), "make host-wasmtime builds the one with wasmtime")
		}
		b, err := worker.New(worker.Config{Backend: p.engine, Executable: program, Require: require})
		if err != nil {
			return nil, refused(err, "see [sandbox] require in the manifest")
		}
		return b, nil
	case manifest.Inline:
		if engine, ok := backends()[p.engine]; ok {
			return engine(), nil
		}
		return nil, refused(fmt.Errorf("this binary has no backend %s", p.engine),
			"isolation = \"process\", or build it with: eval \"$(make -s wasmtime-env)\" && go build -tags "+p.engine+" -o bin/host ./host")
	}
	return nil, refused(fmt.Errorf("unknown isolation %q", p.isolation), "")
}

// openAlone is open for the workbench, where no manifest names a worker.
func (p placement) openAlone() (runtimes.Backend, error) {
	if p.worker == "" {
		return p.open(nil)
	}
	program, err := worker.ReadExecutable(p.worker)
	if err != nil {
		return nil, usage(err)
	}
	b, err := p.open(program)
	if err != nil {
		return nil, errors.Join(err, program.Close())
	}
	return owner{b, program}, nil
}

// An owner is a backend that closes the program of its workers.
type owner struct {
	runtimes.Backend
	program *worker.Executable
}

// Close implements runtimes.Backend.
func (o owner) Close(ctx context.Context) error {
	return errors.Join(o.Backend.Close(ctx), o.program.Close())
}

// forbidden refuses what is known to be no sandbox on this processor.
func (p placement) forbidden(arch string) error {
	if p.engine == "wasmtime" && p.isolation == manifest.Inline && arch == "arm64" {
		return refused(errors.New("wasmtime 39 lets guests escape on arm64, so that it does not run inline there"), `isolation = "process"`)
	}
	return nil
}
