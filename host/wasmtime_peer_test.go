//go:build peers

package main

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"bulkhead/runtimes/worker"
)

// TestPeerWasmtime runs the quickstart's model and its tool on wasmtime, in the worker that make host-wasmtime built.
func TestPeerWasmtime(t *testing.T) {
	const program = "../bin/host-wasmtime"
	e, err := worker.ReadExecutable(program)
	if err != nil {
		t.Fatalf("%v: make bin/host-wasmtime builds it", err)
	}
	defer e.Close()
	folder, err := quickstart()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() + "/q"
	if err := copyQuickstart(folder, dir, "8080"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dir + "/host.toml")
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(string(text), `"wazero"`, `"wasmtime"`) +
		"\n[backend.wasmtime]\npath = \"host-wasmtime\"\ndigest = \"sha256:" + e.Digest() + "\"\n"
	if err := os.WriteFile(dir+"/host-wasmtime", bytes, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/host.toml", []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errOut strings.Builder
	if c := execute(t.Context(), []string{"check", "--manifest", dir + "/host.toml"}, nil, &out, &errOut); c != exitOK {
		t.Fatalf("exit %d: %s", c, errOut.String())
	}
	for _, want := range []string{"engine: wasmtime v39.0.0, process, worker " + e.Digest()[:12], "seccomp", "landlock (ABI", "digits has two modules: plugin.relaxed.wasm runs on wasmtime, digest "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	for _, bundle := range []string{"digits", "inspect"} {
		if err := host("plugin", "test", dir+"/bundles/"+bundle, "--backend", "wasmtime", "--worker", program); err != nil {
			t.Error(err)
		}
	}
	out.Reset()
	bench := []string{"plugin", "bench", dir + "/bundles/digits", "--worker", program, "--duration", "100ms", "--parallel", "1", "--json"}
	if c := execute(t.Context(), bench, nil, &out, &errOut); c != exitOK {
		t.Fatalf("exit %d: %s", c, errOut.String())
	}
	var r benchResult
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatal(err)
	}
	modules := map[string]string{}
	for _, row := range r.Rows {
		modules[row.Contender] = row.Module
	}
	want := map[string]string{
		"wazero/inline": "plugin.wasm", "wazero/process": "plugin.wasm", "wasmtime/process": "plugin.relaxed.wasm", "wazero/inline again": "plugin.wasm",
	}
	if !maps.Equal(modules, want) {
		t.Errorf("the bench ran %v, want %v", modules, want)
	}
}
