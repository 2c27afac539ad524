// Package worker runs plugins in child processes that may do next to nothing.
//
// A worker is this executable, started again, or another one. It puts a sandbox over itself before it has read a byte of its plugin, loads
// it with a Backend of its own, and answers one call at a time over shared memory. One worker serves one plugin, never
// another. Whatever it sends is an attack until checked: it can waste its memory limit and a processor, no caller's time
// beyond the deadline, and nothing else. The host's last word is SIGKILL.
package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"bulkhead/runtimes"
)

// ErrSandbox is a kernel, or a build of this program, without a required layer of the sandbox. There is no weaker one.
var ErrSandbox = errors.New("the sandbox for workers cannot be built here")

// Config says how a Backend makes workers. Executable's main MUST call Main first; its owner closes it after the Backend.
type Config struct {
	Backend    string      // the engine, by its name in Main's map
	Executable *Executable // the program that is a worker when Main says so; nil: the running one
	Require    []string    // layers to insist on, beside those that are required anyway, by name
}

// A Backend runs each plugin in workers of its own.
type Backend struct {
	program  program
	engine   string
	require  []string
	isolated atomic.Int32 // the first of isolations that the kernel allowed
	now      func() time.Time
}

var _ runtimes.Backend = (*Backend)(nil)

// New returns a Backend. It starts nothing.
func New(c Config) (*Backend, error) {
	if c.Backend == "" {
		return nil, errors.New("a worker needs the name of a backend")
	}
	for _, name := range c.Require {
		if !slices.Contains(layerNames(), name) {
			return nil, fmt.Errorf("there is no layer %q; there are %q", name, layerNames())
		}
	}
	return &Backend{program: program{kept: c.Executable}, engine: c.Backend, require: c.Require, now: time.Now}, nil
}

// Close has nothing to free.
func (b *Backend) Close(context.Context) error { return nil }

// Load implements runtimes.Backend. The module is parsed, compiled and started in a worker. A LoadError wraps ErrSandbox
// if that has no complete sandbox.
func (b *Backend) Load(ctx context.Context, p runtimes.Program) (runtimes.Module, error) {
	p, err := p.Checked()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, refuse(p, "starting", err)
	}
	prepared, err := b.prepare(p)
	if err != nil {
		return nil, refuse(p, "starting", err)
	}
	m := newModule(prepared, func() (*worker, error) { return b.launch(prepared) }, b.now)
	if err := m.open(ctx); err != nil {
		m.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return m, nil
}

// launch starts a worker for a plugin, as well isolated as the kernel allows.
func (b *Backend) launch(p *plugin) (*worker, error) {
	a := arguments{backend: b.engine, data: startLimit(p.limits), plugin: p.name}
	all := isolations()
	for i := int(b.isolated.Load()); ; i++ {
		e, err := start(&b.program, a, all[i], p.image, p.code)
		if err == nil {
			b.isolated.Store(int32(i))
			w := newWorker(p, &link{in: &e.worker, out: &e.host, read: e.read, ring: e.ring}, e.shared, e.process, e.close)
			w.isolation = all[i]
			return w, nil
		}
		if i+1 == len(all) || !refused(err) {
			return nil, fmt.Errorf("starting a worker: %w", err)
		}
	}
}

func refuse(p runtimes.Program, reason string, err error) error {
	return &runtimes.LoadError{Plugin: p.Name, Reason: reason, Err: err}
}
