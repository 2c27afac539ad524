package main

import (
	"context"
	"errors"
	"fmt"

	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

// A workbench runs one plugin in the real sandbox. It opens no manifest, no state directory, no key store and no cache:
// whatever runs on it has nothing of a host in reach.
type workbench struct {
	backend runtimes.Backend
	module  runtimes.Module
	limits  runtimes.Limits
	host    *standIn
	words   *collector
	calls   int
}

// newWorkbench loads sp, under its limits. The caller closes it.
func newWorkbench(ctx context.Context, sp *specimen, at placement, limits runtimes.Limits) (*workbench, error) {
	w := &workbench{limits: limits, words: newCollector()}
	var err error
	if w.host, err = newStandIn(sp, w.words); err != nil {
		return nil, err
	}
	if w.backend, err = at.openAlone(); err != nil {
		return nil, err
	}
	if w.module, err = loadSpecimen(ctx, w.backend, sp, at, w.host, limits); err != nil {
		return nil, errors.Join(err, w.backend.Close(ctx))
	}
	return w, nil
}

// loadSpecimen adds to a refusal what the flags can do about it.
func loadSpecimen(ctx context.Context, b runtimes.Backend, sp *specimen, at placement, host runtimes.Host, limits runtimes.Limits) (runtimes.Module, error) {
	p := sp.on(at)
	p.Host, p.Limits = host, limits
	m, err := b.Load(ctx, p)
	if err == nil {
		return m, nil
	}
	if flags := sp.missing(); flags != "" && !sp.bundled {
		return nil, hinted(err, "give it what it imports:"+flags)
	}
	return nil, err
}

// call has the plugin answer one request.
func (w *workbench) call(ctx context.Context, dst, request []byte) measured {
	w.calls++
	r := &gate.Running{Call: fmt.Sprintf("workbench-%d", w.calls), Principal: "system/workbench"}
	return measureCall(gate.WithRunning(ctx, r), w.module, dst, request)
}

// heard is what the plugin said so far.
func (w *workbench) heard() heard {
	var dropped uint64
	if r, ok := w.module.(runtimes.Reporter); ok {
		dropped = r.Status().Dropped
	}
	return w.words.heard(dropped)
}

// close frees the plugin, and waits no longer than a call may be late: the end of the process frees the rest.
func (w *workbench) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), runtimes.Grace)
	defer cancel()
	err := w.module.Close(ctx)
	w.host.binding.Close()
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return errors.Join(err, w.backend.Close(ctx))
}
