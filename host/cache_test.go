package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/bundle"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/manifest"
	"bulkhead/runtimes"
)

// compiler is a Backend that compiles where the cache has nothing.
type compiler struct {
	mu       sync.Mutex
	compiled int
	cached   bool // the last plugin had a cache
}

func (c *compiler) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cached = p.Cache != nil; c.cached && p.Cache.Get("engine 1") != nil {
		return noModule{}, nil
	}
	c.compiled++
	if c.cached {
		p.Cache.Put("engine 1", append([]byte("code of "), p.Wasm...))
	}
	return noModule{}, nil
}

func (*compiler) Close(context.Context) error { return nil }

type noModule struct{}

func (noModule) Call(context.Context, []byte, []byte) ([]byte, error) { return nil, errors.New("no") }
func (noModule) Close(context.Context) error                          { return nil }

// memoryLog keeps entries.
type memoryLog struct {
	mu      sync.Mutex
	entries []gate.Entry
}

func (l *memoryLog) Append(_ context.Context, e gate.Entry) (gate.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Event == "" {
		return gate.Receipt{}, fmt.Errorf("an entry of no event: %+v", e)
	}
	l.entries = append(l.entries, e)
	return gate.Receipt{}, nil
}

// cacheWorld starts the same two plugins again and again.
type cacheWorld struct {
	t        *testing.T
	system   *system
	dir      string
	compiler compiler
	log      memoryLog
	lines    bytes.Buffer
}

func newCacheWorld(t *testing.T) *cacheWorld {
	root, err := keys.CreateRoot(filepath.Join(t.TempDir(), "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	w := &cacheWorld{t: t, dir: filepath.Join(t.TempDir(), "cache"), system: &system{Manifest: &manifest.Manifest{}, root: root, development: true}}
	for _, alias := range []string{"a", "b"} {
		w.system.plugins = append(w.system.plugins, newPlugin(
			manifest.Plugin{Alias: alias, Name: "acme/" + alias, Role: abi.RoleTool, Backend: "fake", Isolation: manifest.Inline},
			&bundle.Bundle{Contents: bundle.Contents{Digest: strings.Repeat(alias, 64), Wasm: []byte(alias), Descriptor: bundle.Descriptor{Name: "acme/" + alias, Role: abi.RoleTool}}},
		))
	}
	return w
}

// start loads both plugins and returns how many had to be compiled.
func (w *cacheWorld) start(readOnly bool) int {
	w.t.Helper()
	l := newLoader(w.system, &w.log, slog.New(slog.NewTextHandler(&w.lines, nil)), nil)
	l.backends = map[placement]runtimes.Backend{{engine: "fake", isolation: manifest.Inline}: &w.compiler}
	before := w.compiler.compiled
	if err := errors.Join(l.openCache(w.dir, readOnly), l.load(context.Background()), l.close(context.Background())); err != nil {
		w.t.Fatal(err)
	}
	return w.compiler.compiled - before
}

// files are those in the cache.
func (w *cacheWorld) files() (out []string) {
	w.t.Helper()
	out, err := filepath.Glob(w.dir + "/*")
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *cacheWorld) want(what string, got, want int) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: %d compiled, want %d", what, got, want)
	}
}

func TestSecondStartCompilesNothing(t *testing.T) {
	w := newCacheWorld(t)
	w.want("check before the first start", w.start(true), 2)
	w.want("first start", w.start(false), 2)
	w.want("second start", w.start(false), 0)
	w.want("check", w.start(true), 0)
	w.system.plugins[1].bundle.Digest = strings.Repeat("c", 64)
	w.want("one plugin changed", w.start(false), 1)
	other, err := keys.CreateRoot(filepath.Join(t.TempDir(), "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	if len(w.log.entries) != 0 {
		t.Errorf("recorded %+v", w.log.entries)
	}
	w.system.root = other
	w.want("copied to another device", w.start(false), 2)
	w.want("and started again there", w.start(false), 0)
}

func TestTamperedCodeIsCompiledAgainAndRecorded(t *testing.T) {
	w := newCacheWorld(t)
	w.start(false)
	files := w.files()
	if len(files) != 2 {
		t.Fatalf("files %q", files)
	}
	first, err := os.ReadFile(files[0])
	if err := errors.Join(err, os.WriteFile(files[1], first, 0o600), os.WriteFile(w.dir+"/evil\x1b[2J", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	w.want("check", w.start(true), 1)
	w.log.entries = nil // those of a check are refused by its log
	w.want("start", w.start(false), 1)
	if len(w.log.entries) != 2 {
		t.Fatalf("recorded %+v", w.log.entries)
	}
	foreign, swapped := w.log.entries[0], w.log.entries[1]
	if !strings.Contains(foreign.Reason, `evil\x1b[2J: it does not belong here`) || foreign.Plugins != nil {
		t.Errorf("foreign file: %+v", foreign)
	}
	if swapped.Resource != "a" && swapped.Resource != "b" || len(swapped.Plugins) != 1 || swapped.Plugins[0].Digest != strings.Repeat(swapped.Resource, 64) {
		t.Errorf("swapped file: %+v", swapped)
	}
	for _, e := range w.log.entries {
		if e.Action != "cache/reject" || e.Event != gate.CacheReject || e.Actor != "system/host" || e.Kind != gate.KindHost || e.Outcome != gate.Failure || !e.Development {
			t.Errorf("entry %+v", e)
		}
	}
	w.want("next start", w.start(false), 0)
}

// Whatever is wrong with the folder, the plugins load.
func TestNoCacheIsNoReasonNotToStart(t *testing.T) {
	w := newCacheWorld(t)
	if err := errors.Join(os.Mkdir(w.dir, 0o700), os.Chmod(w.dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	w.want("open folder", w.start(false), 2)
	if w.compiler.cached || len(w.log.entries) != 1 || !strings.Contains(w.log.entries[0].Reason, "not safe") {
		t.Errorf("cached %v, recorded %+v", w.compiler.cached, w.log.entries)
	}
	w = newCacheWorld(t)
	w.system.root = nil
	w.want("no root key", w.start(false), 2)
	if _, err := os.Lstat(w.dir); !errors.Is(err, os.ErrNotExist) || w.compiler.cached {
		t.Errorf("a cache without a key: %v", err)
	}
	w = newCacheWorld(t)
	w.dir = filepath.Join(w.dir, "no", "parent")
	w.want("no parent", w.start(false), 2)
}
