package main

import (
	"strings"
	"testing"

	"bulkhead/host/manifest"
	"bulkhead/runtimes/worker"
)

// An engine that does not say what it is has not been found clean.
func TestEnginesThatDoNotAnswer(t *testing.T) {
	program, err := worker.ReadExecutable("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	sys := &system{Manifest: &manifest.Manifest{}, workers: map[string]*worker.Executable{"wasmtime": program}}
	sys.plugins = []*plugin{{Plugin: manifest.Plugin{Alias: "a", Backend: "wasmtime", Isolation: manifest.Process}}}
	var p plan
	if err := p.askEngines(t.Context(), sys); err == nil || !strings.Contains(err.Error(), "asking a worker with wasmtime") {
		t.Errorf("%v; engines %+v", err, p.Engines)
	}
}

func TestEnginesOfUnknownNames(t *testing.T) {
	var b strings.Builder
	enginesText(&b, plan{Engines: []planEngine{{Engine: "other v1", Isolation: "process", Known: false}}})
	if text := b.String(); !strings.Contains(text, "other v1, process: this program knows nothing of that engine") {
		t.Error(text)
	}
}
