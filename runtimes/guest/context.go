package guest

import (
	"context"
	"sync"
	"time"
)

// A call is the context that the engine carries to the host functions. It has no values: the caller's are the Host's.

// late says why the run may not go on: its caller gave it up, or its time is over.
func (c *call) late() error {
	if err := c.caller.Err(); err != nil {
		return err
	}
	if c.module.now() >= c.deadline {
		return errTime
	}
	return nil
}

// Err implements context.Context.
func (c *call) Err() error { return c.late() }

// Value implements context.Context.
func (c *call) Value(any) any { return nil }

// Deadline implements context.Context.
func (c *call) Deadline() (time.Time, bool) { return c.lend().Deadline() }

// Done implements context.Context.
func (c *call) Done() <-chan struct{} { return c.lend().Done() }

// lend returns the context that the Host gets, the same one during a run.
func (c *call) lend() *lent {
	if c.lent == nil {
		c.lent = &lent{caller: c.caller, deadline: c.module.epoch.Add(c.deadline)}
	}
	return c.lent
}

// A lent context has the caller's values and ends with the caller's, at a deadline, or when it is returned. Nothing waits
// for the deadline before somebody asks for Done. A new one for each run that needs one: whoever keeps it too long holds
// a context that is done, not the next call's.
type lent struct {
	caller   context.Context
	deadline time.Time

	mu       sync.Mutex
	returned bool
	timed    context.Context // with a timer; once somebody asked for Done
	cancel   context.CancelFunc
}

// Deadline implements context.Context.
func (l *lent) Deadline() (time.Time, bool) {
	if d, ok := l.caller.Deadline(); ok && d.Before(l.deadline) {
		return d, true
	}
	return l.deadline, true
}

// Done implements context.Context.
func (l *lent) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timed == nil {
		l.timed, l.cancel = context.WithDeadline(l.caller, l.deadline)
		if l.returned {
			l.cancel()
		}
	}
	return l.timed.Done()
}

// Err implements context.Context.
func (l *lent) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.timed != nil:
		return l.timed.Err()
	case l.caller.Err() != nil:
		return l.caller.Err()
	case l.returned:
		return context.Canceled
	case time.Until(l.deadline) <= 0:
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements context.Context. The one with a timer answers for itself, so that contexts made from this one hang on
// it directly.
func (l *lent) Value(key any) any {
	l.mu.Lock()
	timed := l.timed
	l.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return l.caller.Value(key)
}

// giveBack ends the context.
func (l *lent) giveBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.returned = true
	if l.cancel != nil {
		l.cancel()
	}
}
