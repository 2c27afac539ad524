package guest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A Module is a loaded plugin.
type Module struct {
	program      runtimes.Program
	inferrer     runtimes.Inferrer // the program's Host, if it is one
	configurable bool
	code         Code
	globals      []string
	restorable   bool
	snapshot     *snapshot // nil: there is nothing but starting again
	epoch        time.Time

	calls, dropped, panics atomic.Uint64
	pool                   pool
	life                   context.Context // of work off the call path: until Close
	end                    context.CancelFunc
	freed                  chan struct{} // closed when the last user has gone and the code is freed
}

func newModule(p runtimes.Program, b *built, epoch time.Time) *Module {
	m := &Module{
		program: p, code: b.code, globals: b.globals, restorable: b.restorable, epoch: epoch,
		freed: make(chan struct{}),
	}
	m.inferrer, _ = p.Host.(runtimes.Inferrer)
	m.pool.users, m.pool.limit = 1, p.Limits.Instances
	m.life, m.end = context.WithCancel(context.Background())
	return m
}

// now is the time since the module's epoch.
func (m *Module) now() time.Duration { return time.Since(m.epoch) }

// prove starts a first instance, which becomes the snapshot and is the first to serve.
func (m *Module) prove(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := m.start(ctx, loading, m.program.Limits.StartTime())
	if err != nil {
		return err
	}
	if m.restorable {
		m.snapshot = c.capture()
	}
	m.pool.places, m.pool.idle = 1, append(m.pool.idle, c)
	return nil
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
	*u = runtimes.Usage{}
	deadline := m.now() + m.program.Limits.Timeout
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(request) > abi.MaxRequest {
		return nil, fmt.Errorf("%w: a request of %d bytes, at most %d", runtimes.ErrLimit, len(request), abi.MaxRequest)
	}
	defer m.calls.Add(1)
	c, err := m.take(ctx, deadline)
	if err != nil {
		return nil, err
	}
	c.begin(ctx, handling, deadline, m.program.Limits.Fuel)
	answer, err := c.respond(request)
	if err == nil {
		dst, err = deliver(dst, answer, length)
	}
	u.Fuel, u.Memory = c.used(), uint64(len(c.instance.Memory()))
	c.finish()
	m.release(c, err)
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// deliver takes an answer out of guest memory.
func deliver(dst, answer []byte, length int) ([]byte, error) {
	if length == anyLength {
		return append(dst, answer...), nil
	}
	if err := runtimes.CheckLength(len(answer), length); err != nil {
		return nil, err
	}
	dst = dst[:length]
	return dst, runtimes.Transfer(dst, answer)
}

// take returns an instance at the snapshot for a call of ctx, until its deadline. The caller releases it.
func (m *Module) take(ctx context.Context, deadline time.Duration) (*call, error) {
	c, err := m.pool.take(ctx, m.epoch.Add(deadline))
	switch {
	case errors.Is(err, runtimes.ErrClosed):
		return nil, err
	case err != nil:
		m.pool.mu.Lock()
		m.leave()
		return nil, err
	case c != nil:
		return c, nil
	}
	if c, err = m.make(ctx, deadline); err != nil {
		m.put(nil)
		return nil, err
	}
	return c, nil
}

// release takes back an instance after a call that ended with err. One that the next call may not have is thrown away,
// and replaced off the call path.
func (m *Module) release(c *call, err error) {
	if m.reusable(c, err) {
		m.put(c)
		return
	}
	m.pool.mu.Lock()
	m.pool.replaced++
	closed := m.pool.closed
	m.pool.mu.Unlock()
	if closed {
		c.close()
		m.put(nil)
		return
	}
	go m.replace(c)
}

// reusable reports whether c can serve the next call, and makes it ready for that.
func (m *Module) reusable(c *call, err error) bool {
	if err != nil {
		if _, answered := errors.AsType[*runtimes.GuestError](err); !answered {
			return false
		}
	}
	return m.program.Stateful || m.snapshot != nil && c.restore() == nil
}

// replace makes an instance in the place of one that is of no use any more. If that fails, the next call tries it again
// itself, and gets the error.
func (m *Module) replace(c *call) {
	c.close()
	c, err := m.make(m.life, m.now()+m.program.Limits.StartTime())
	if err != nil {
		c = nil
	}
	m.put(c)
}

// put gives an instance, or only its place, to the next who waits, and ends its giver's use of the module.
func (m *Module) put(c *call) {
	m.pool.mu.Lock()
	m.pool.give(c)
	m.leave()
}

// leave ends one use of the module, and unlocks the pool. The last user frees the module.
func (m *Module) leave() {
	m.pool.users--
	last := m.pool.users == 0
	m.pool.mu.Unlock()
	if last {
		m.free()
	}
}

func (m *Module) free() {
	for _, c := range m.pool.idle {
		c.close()
	}
	m.snapshot.close()
	m.code.Close(context.Background())
	close(m.freed)
}

// Close implements runtimes.Module. If ctx is done first, it returns ctx's error and the last running call frees the
// module.
func (m *Module) Close(ctx context.Context) error {
	m.end() // nobody waits for new instances any more
	m.pool.mu.Lock()
	if m.pool.closed {
		m.pool.mu.Unlock()
	} else {
		m.pool.closed = true
		m.leave()
	}
	select {
	case <-m.freed:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-m.freed: // both at once: what matters is that it is free
		return nil
	default:
		return ctx.Err()
	}
}

// Status implements runtimes.Reporter.
func (m *Module) Status() runtimes.Status {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	return runtimes.Status{
		Instances: m.pool.places, Idle: len(m.pool.idle), Calls: m.calls.Load(), Replaced: m.pool.replaced,
		Dropped: m.dropped.Load(), Panics: m.panics.Load(),
	}
}
