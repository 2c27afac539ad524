package worker

import (
	"context"
	"fmt"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A Module is a plugin with its workers.
type Module struct {
	plugin *plugin
	pool
}

var (
	_ runtimes.Module   = (*Module)(nil)
	_ runtimes.Meter    = (*Module)(nil)
	_ runtimes.Reporter = (*Module)(nil)
)

func newModule(p *plugin, launch func() (*worker, error), now func() time.Time) *Module {
	m := &Module{plugin: p}
	m.launch, m.startTime, m.now, m.most, m.told, m.free = launch, p.limits.StartTime(), now, p.limits.Instances, p.told, p.close
	m.users, m.over = 1, make(chan struct{})
	m.life, m.end = context.WithCancel(context.Background())
	return m
}

// open starts the first worker, which shows whether the plugin is any good, and compiles it for the others. One that has
// compiled has done its work: a compiler leaves memory in use that guests of the next ones need.
func (m *Module) open(ctx context.Context) error {
	until := time.Now().Add(m.startTime)
	w, code, err := m.first(ctx, until, false)
	if err != nil {
		return err
	}
	if code != nil {
		w.bury()
		if err := m.plugin.keepCode(code); err != nil {
			return &runtimes.LoadError{Plugin: m.plugin.name, Reason: "keeping its code", Err: err}
		}
		if w, _, err = m.first(ctx, until, true); err != nil {
			return err
		}
		m.plugin.saveCode(code)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(w)
	return nil
}

// first starts a worker, which is the only one.
func (m *Module) first(ctx context.Context, until time.Time, again bool) (w *worker, code []byte, err error) {
	if w, err = m.launch(); err != nil {
		return nil, nil, &runtimes.LoadError{Plugin: m.plugin.name, Reason: "starting", Err: err}
	}
	code, dropped, err := w.load(ctx, until, again, !again)
	if err != nil {
		w.bury()
		return nil, nil, err
	}
	if !again {
		m.counts.Dropped = uint64(dropped)
	}
	m.counts.Panics, w.panics = m.counts.Panics+w.panics, 0
	return w, code, nil
}

// Call implements runtimes.Module.
func (m *Module) Call(ctx context.Context, dst, request []byte) ([]byte, error) {
	var u runtimes.Usage
	return m.Measure(ctx, dst, request, &u)
}

// Measure implements runtimes.Meter.
func (m *Module) Measure(ctx context.Context, dst, request []byte, u *runtimes.Usage) ([]byte, error) {
	return m.serve(ctx, dst, anyLength, request, u)
}

// Fill implements runtimes.Filler.
func (m *Module) Fill(ctx context.Context, answer, request []byte, u *runtimes.Usage) error {
	_, err := m.serve(ctx, answer[:0:len(answer)], len(answer), request, u)
	return err
}

// anyLength is for callers who take what they get.
const anyLength = -1

// serve appends the answer to dst, whose room it fills if there is a length that it must have.
func (m *Module) serve(ctx context.Context, dst []byte, length int, request []byte, u *runtimes.Usage) ([]byte, error) {
	*u = runtimes.Usage{Reported: true}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(request) > abi.MaxRequest {
		return nil, fmt.Errorf("%w: a request of %d bytes, at most %d", runtimes.ErrLimit, len(request), abi.MaxRequest)
	}
	until := time.Now().Add(m.plugin.limits.Timeout)
	w, err := m.take(ctx, until)
	if err != nil {
		return nil, err
	}
	answer, last, err := w.measure(ctx, until, dst, length, request, u)
	m.put(w, last)
	return answer, err
}
