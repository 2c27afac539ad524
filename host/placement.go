package main

import (
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
}

// relaxedSIMD reports whether the engine offers it.
func (p placement) relaxedSIMD() bool { return p.engine == "wasmtime" }

// open makes the backend of a placement, which the caller closes. Its error carries exit code 3: there is no second best.
// Workers must have the required layers of a sandbox, beside those that all have.
func (p placement) open(require ...string) (runtimes.Backend, error) {
	engine, ok := backends()[p.engine]
	if !ok {
		return nil, refused(fmt.Errorf("this binary has no backend %s", p.engine), "build it with: go build -tags "+p.engine+" -o bin/host ./host")
	}
	if err := p.forbidden(runtime.GOARCH); err != nil {
		return nil, err
	}
	switch p.isolation {
	case manifest.Process:
		b, err := worker.New(worker.Config{Backend: p.engine, Require: require})
		if err != nil {
			return nil, refused(err, "see [sandbox] require in the manifest")
		}
		return b, nil
	case manifest.Inline:
		return engine(), nil
	}
	return nil, refused(fmt.Errorf("unknown isolation %q", p.isolation), "")
}

// forbidden refuses what is known to be no sandbox on this processor.
func (p placement) forbidden(arch string) error {
	if p.engine == "wasmtime" && p.isolation == manifest.Inline && arch == "arm64" {
		return refused(errors.New("wasmtime 39 lets guests escape on arm64, so that it does not run inline there"), `isolation = "process"`)
	}
	return nil
}
