package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkhead/abi"
	"bulkhead/host/bundle"
	"bulkhead/host/cache"
	"bulkhead/host/capability"
	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

// A loader turns verified plugins into loaded ones.
type loader struct {
	system   *system
	log      gate.Log
	logger   *slog.Logger
	attester capability.Attester
	cache    *cache.Store // nil: there is none, every plugin is compiled
	backends map[placement]runtimes.Backend
	progress func(p *plugin, took time.Duration)

	mu       sync.Mutex                 // while loading
	modules  map[string]runtimes.Module // by alias
	bindings []*capability.Binding
}

// newLoader binds capabilities to log and logger. close must be called.
func newLoader(s *system, log gate.Log, logger *slog.Logger, attester capability.Attester) *loader {
	return &loader{
		system: s, log: log, logger: logger, attester: attester, backends: map[placement]runtimes.Backend{},
		modules: map[string]runtimes.Module{}, progress: func(*plugin, time.Duration) {},
	}
}

// load compiles, links, configures and self-tests every plugin.
func (l *loader) load(ctx context.Context) error {
	if err := l.open(); err != nil {
		return err
	}
	plugins := slices.Clone(l.system.plugins)
	slices.SortStableFunc(plugins, func(a, b *plugin) int { return rank(a) - rank(b) })
	return l.loadAll(ctx, plugins)
}

// rank is the order of loading: models first, since others are bound to them.
func rank(p *plugin) int {
	if p.Role == abi.RoleModel {
		return 0
	}
	return 1
}

// open makes the backends that the plugins need, one for each placement.
func (l *loader) open() error {
	var errs []error
	for _, p := range l.system.plugins {
		at := placed(p.Plugin)
		if l.backends[at] != nil {
			continue
		}
		b, err := at.open(l.system.workers[p.Backend], l.system.Sandbox...)
		if err != nil {
			errs = append(errs, ofPlugin(p.Alias, fmt.Errorf("plugin %s: %w", p.Alias, err)))
			continue
		}
		l.backends[at] = b
	}
	return errors.Join(errs...)
}

// loadAll loads as many plugins at once as there are processors. One that is bound to models waits for them, which come
// before it, and is left alone if one of them fails.
func (l *loader) loadAll(ctx context.Context, plugins []*plugin) error {
	errs := make([]error, len(plugins))
	tried := map[string]chan struct{}{}
	for _, p := range plugins {
		tried[p.Alias] = make(chan struct{})
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range plugins {
		group.Go(func() error {
			defer close(tried[p.Alias])
			for _, model := range p.Infer {
				if p.Role == abi.RoleModel {
					break // it may not, as bind will say
				}
				<-tried[model]
				if l.module(model) == nil {
					return nil
				}
			}
			errs[i] = ofPlugin(p.Alias, l.loadOne(ctx, p))
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs, all of them
	return errors.Join(errs...)
}

// module is the loaded plugin of an alias, nil if there is none.
func (l *loader) module(alias string) runtimes.Module {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.modules[alias]
}

func (l *loader) loadOne(ctx context.Context, p *plugin) error {
	start := time.Now()
	host, err := l.bind(p)
	if err != nil {
		return fmt.Errorf("plugin %s: %w", p.Alias, err)
	}
	m, err := admit(ctx, l.backends[placed(p.Plugin)], runtimes.Program{
		Name: p.Alias, Wasm: p.module.Wasm, RelaxedSIMD: p.module.Relaxed, Config: p.Config, Assets: p.bundle.Assets, Grants: p.Grants,
		WASI: p.bundle.Descriptor.WASI, Stateful: p.Stateful, Host: host, Limits: limitsOf(p.Plugin), Cache: l.cacheFor(p),
		Quarantined: func(s runtimes.Status) { l.heardOfQuarantine(p, s) },
	}, &p.bundle.Contents)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.modules[p.Alias] = m
	l.progress(p, time.Since(start))
	return nil
}

// admit loads a plugin that passes its self-tests. They start from the snapshot, one and all: those of a stateful plugin
// run on a module of their own, so that no caller meets what they left behind.
func admit(ctx context.Context, backend runtimes.Backend, p runtimes.Program, b *bundle.Contents) (runtimes.Module, error) {
	clean := p
	clean.Stateful = false
	m, err := backend.Load(ctx, clean)
	if err != nil {
		return nil, err
	}
	if err := selfTest(ctx, b, m); err != nil {
		hint := "the plugin does not do here what its author saw it do"
		if errors.Is(err, runtimes.ErrLimit) {
			hint = moreRoom
		}
		return nil, errors.Join(refused(fmt.Errorf("plugin %s: %w", p.Name, err), hint), m.Close(ctx))
	}
	if !p.Stateful {
		return m, nil
	}
	if err := m.Close(ctx); err != nil {
		return nil, err
	}
	return backend.Load(ctx, p)
}

// bind gives a plugin its capabilities, in the order of its descriptor's slots.
func (l *loader) bind(p *plugin) (*capability.Binding, error) {
	d := p.bundle.Descriptor
	c := capability.Config{
		Alias: p.Alias, Name: d.Name, Digest: p.bundle.Digest, Backend: p.ref().Backend, Role: p.Role, Grants: p.Grants,
		Audit: l.log, Log: l.logger, Attester: l.attester,
	}
	for _, slot := range d.Keys {
		key := l.system.signers[p.Sign[slot]]
		c.Keys = append(c.Keys, capability.Key{Slot: slot, ID: key.KeyID, Signer: key.Private})
	}
	for _, slot := range d.Models {
		model := l.system.plugin(p.Infer[slot])
		in, out := model.bundle.Descriptor.Sizes()
		c.Models = append(c.Models, capability.Model{
			Plugin: model.ref(), Module: l.module(model.Alias), InputBytes: in, OutputBytes: out, Batch: model.bundle.Descriptor.Examples(),
		})
	}
	b, err := capability.Bind(c)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bindings = append(l.bindings, b)
	return b, nil
}

// selfTest runs what the author signed as the plugin's behaviour. There is no call, so log and read alone work.
func selfTest(ctx context.Context, b *bundle.Contents, m runtimes.Module) error {
	for i, t := range b.SelfTests {
		request, err := requestOf(t)
		if err != nil {
			return fmt.Errorf("self-test %d: %w", i, err)
		}
		answer, err := m.Call(ctx, nil, request)
		if err != nil {
			return fmt.Errorf("self-test %d: %w", i, err)
		}
		if err := t.Check(answer); err != nil {
			return fmt.Errorf("self-test %d: %w", i, err)
		}
	}
	return nil
}

// requestOf is a self-test as the plugin gets it.
func requestOf(t bundle.SelfTest) ([]byte, error) {
	if t.Tool == "" {
		return t.Input, nil
	}
	request, err := json.Marshal(abi.ToolRequest{Tool: t.Tool, Arguments: t.Input, Call: "selftest", Principal: "system/selftest"})
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	return request, nil
}

func (l *loader) close(ctx context.Context) error {
	var errs []error
	for _, m := range l.modules {
		errs = append(errs, m.Close(ctx))
	}
	for _, b := range l.bindings {
		b.Close()
	}
	if err := errors.Join(errs...); err != nil {
		return err // a module that still runs needs its engine
	}
	for _, b := range l.backends {
		errs = append(errs, b.Close(ctx))
	}
	if l.cache != nil {
		errs = append(errs, l.cache.Close())
	}
	return errors.Join(errs...)
}
