package guest

import (
	"context"
	"time"
)

// A module keeps one spare: an instance that has started and served nobody. A call takes it and the next is started off
// the call path, so that a caller rarely waits for a start. No instance serves two calls.

// A started is an instance at the place where every call begins.
type started struct {
	*call
	buffer uint32 // address of its buffer for requests
}

// take returns the spare, or starts an instance, for a call of ctx. The caller closes it.
func (m *Module) take(ctx context.Context) (started, error) {
	defer m.refill()
	select {
	case s := <-m.spare:
		s.Context = ctx
		return s, nil
	default:
		return m.begin(ctx, restarting)
	}
}

// begin starts an instance and closes it again after an error.
func (m *Module) begin(ctx context.Context, p phase) (started, error) {
	c := &call{Context: ctx, module: m, phase: p}
	input, err := c.start()
	if err != nil {
		c.close()
		return started{}, err
	}
	c.stdio.Flush(c) // an unfinished line of the start is the start's
	return started{c, input}, nil
}

// maxStart is how long a start off the call path may wait in host functions.
const maxStart = 30 * time.Second

// refill starts the next spare unless one is there or on its way. A start that fails is dropped: the next call tries it
// again itself, and gets the error.
func (m *Module) refill() {
	if len(m.spare) > 0 || !m.refilling.CompareAndSwap(false, true) {
		return
	}
	if !m.enter() {
		m.refilling.Store(false)
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(m.life, maxStart)
		defer cancel()
		defer m.leave(ctx)
		defer m.refilling.Store(false)
		if s, err := m.begin(ctx, restarting); err == nil {
			m.keep(s)
		}
	}()
}

// keep makes s the spare, or throws it away if there is one.
func (m *Module) keep(s started) {
	select {
	case m.spare <- s:
	default:
		s.close()
	}
}

// drop frees the spare. Nobody uses the module any more.
func (m *Module) drop() {
	select {
	case s := <-m.spare:
		s.close()
	default:
	}
}
