package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/bundle"
	"bulkhead/host/gate"
	"bulkhead/host/manifest"
	"bulkhead/runtimes"
)

// variants is a system of one plugin with two modules, on an engine.
func variants(engine string) *system {
	d := bundle.Descriptor{Name: "acme/x", Version: "1.0.0", Role: abi.RoleModel, RelaxedSIMD: true}
	b := &bundle.Bundle{Contents: bundle.Contents{Digest: strings.Repeat("d", 64), Wasm: []byte("plain"), Relaxed: []byte("relaxed"), Descriptor: d}}
	p := manifest.Plugin{Alias: "x", Name: "acme/x", Role: abi.RoleModel, Backend: engine, Isolation: manifest.Inline}
	return &system{Manifest: &manifest.Manifest{}, plugins: []*plugin{newPlugin(p, b)}}
}

// The engine that the operator chose chooses the module, and nothing else does; entries and check say which.
func TestTheEngineChoosesTheModule(t *testing.T) {
	for engine, want := range map[string]bundle.Module{
		"wazero":   {File: "plugin.wasm", Wasm: []byte("plain")},
		"wasmtime": {File: "plugin.relaxed.wasm", Wasm: []byte("relaxed"), Relaxed: true},
		"":         {File: "plugin.wasm", Wasm: []byte("plain")},
	} {
		sys := variants(engine)
		digest := sys.plugins[0].bundle.Module(want.Relaxed).Digest
		b := &noting{}
		l := newLoader(sys, &memoryLog{}, slog.New(slog.DiscardHandler), nil)
		l.backends = map[placement]runtimes.Backend{{engine: engine, isolation: manifest.Inline}: b}
		if err := l.load(context.Background()); err == nil {
			t.Error("the backend refuses all, and it loaded")
		}
		if string(b.p.Wasm) != string(want.Wasm) || b.p.RelaxedSIMD != want.Relaxed {
			t.Errorf("%s: loaded %s, relaxed SIMD %v", engine, b.p.Wasm, b.p.RelaxedSIMD)
		}
		if ref := sys.plugins[0].ref(); ref != (gate.PluginRef{Alias: "x", Digest: strings.Repeat("d", 64), Backend: engine + "/inline", Module: want.File, ModuleDigest: digest}) {
			t.Errorf("%s: entries say %+v", engine, ref)
		}
		p := planOf(sys)
		if q := p.Plugins[0]; q.Module != want.File || q.ModuleDigest != digest || !strings.Contains(planText(p), "x has two modules: "+want.File+" runs on "+engine+", digest "+digest) {
			t.Errorf("%s: check says %s\n%s", engine, q.Module, planText(p))
		}
		sp := &specimen{program: runtimes.Program{Wasm: []byte("plain")}, relaxed: []byte("relaxed")}
		if got := sp.on(placement{engine: engine}); string(got.Wasm) != string(want.Wasm) || got.RelaxedSIMD != want.Relaxed {
			t.Errorf("%s: the workbench runs %s", engine, got.Wasm)
		}
	}
}

// A plugin of one module stays as it was, in entries too.
func TestOneModuleIsForAllEngines(t *testing.T) {
	b := &bundle.Bundle{Contents: bundle.Contents{Digest: strings.Repeat("d", 64), Wasm: []byte("plain")}}
	p := newPlugin(manifest.Plugin{Alias: "x", Backend: "wasmtime", Isolation: manifest.Process}, b)
	if p.module.Relaxed || string(p.module.Wasm) != "plain" || p.ref() != (gate.PluginRef{Alias: "x", Digest: b.Digest, Backend: "wasmtime/process"}) {
		t.Errorf("runs %+v as %+v", p.module, p.ref())
	}
	if got := (&specimen{program: runtimes.Program{Wasm: []byte("plain")}}).on(placement{engine: "wasmtime"}); got.RelaxedSIMD {
		t.Error("the workbench lets one module be relaxed")
	}
}
