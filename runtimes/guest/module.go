package guest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wasi"
)

// A Module is a loaded plugin.
type Module struct {
	program      runtimes.Program
	answer       uint64 // bytes of one answer
	configurable bool
	code         Code

	dropped, panics atomic.Uint64

	spare     chan started // of one
	refilling atomic.Bool
	life      context.Context // of starts off the call path: until Close
	end       context.CancelFunc

	mu     sync.Mutex
	closed bool
	users  int           // running calls, and one until Close
	idle   chan struct{} // closed when users is 0 and the code is freed
}

// Counters are what happened to a plugin outside its answers, since Load.
type Counters struct {
	Dropped uint64 // log lines and standard output that nobody saw: bad pointer, no grant, over quota, refused by the Host
	Panics  uint64 // panics of the Host, answered with ErrInternal
}

// Counters returns the counts so far.
func (m *Module) Counters() Counters {
	return Counters{Dropped: m.dropped.Load(), Panics: m.panics.Load()}
}

// prove starts a first instance, which becomes the spare.
func (m *Module) prove(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return refuse(m.program, "starting", err)
	}
	first, err := m.begin(ctx, loading)
	if err != nil {
		return refuse(m.program, "starting", err)
	}
	m.keep(first)
	return nil
}

// Call implements runtimes.Module with an instance that no other call has touched or will.
func (m *Module) Call(ctx context.Context, dst, request []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(request) > abi.MaxRequest {
		return nil, fmt.Errorf("%w: a request of %d bytes, at most %d", runtimes.ErrLimit, len(request), abi.MaxRequest)
	}
	if !m.enter() {
		return nil, runtimes.ErrClosed
	}
	defer m.leave(ctx)
	c, err := m.take(ctx)
	if err != nil {
		return nil, err
	}
	defer c.close()
	answer, err := c.handle(c.buffer, request)
	if err != nil {
		return nil, err
	}
	return append(dst, answer...), nil
}

// handle has a started instance answer one request, in its buffer at input or a larger one.
func (c *call) handle(input uint32, request []byte) (answer []byte, err error) {
	c.phase, c.stdio = handling, wasi.Stdio{} // an unfinished line of the start is not this call's
	if len(request) > abi.InputHint {
		if input, err = c.input(len(request)); err != nil {
			return nil, err
		}
	}
	return c.answer(abi.ExportHandle, input, request)
}

// Close implements runtimes.Module. If ctx is done first, it returns ctx's error and the last running call frees the
// module.
func (m *Module) Close(ctx context.Context) error {
	m.mu.Lock()
	first := !m.closed
	m.closed = true
	m.mu.Unlock()
	if first {
		m.end() // nobody waits for the next spare any more
		m.leave(ctx)
	}
	select {
	case <-m.idle:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-m.idle: // both at once: what matters is that it is free
		return nil
	default:
		return ctx.Err()
	}
}

func (m *Module) enter() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.users++
	return true
}

func (m *Module) leave(ctx context.Context) {
	m.mu.Lock()
	m.users--
	last := m.users == 0
	m.mu.Unlock()
	if last {
		m.drop()
		m.code.Close(context.WithoutCancel(ctx))
		close(m.idle)
	}
}
