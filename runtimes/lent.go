package runtimes

import (
	"context"
	"sync"
	"time"
)

// A Lent context is what a Host gets of a call: it has the caller's values and ends with the caller's context, at a
// deadline, or when it is given back. Nothing waits for the deadline before somebody asks for Done. There is a new one for
// each call that needs one: whoever keeps it too long holds a context that is done, not the next call's.
type Lent struct {
	caller   context.Context
	deadline time.Time

	mu       sync.Mutex
	returned bool
	timed    context.Context // with a timer; once somebody asked for Done
	cancel   context.CancelFunc
}

// Lend makes a context for the Host of a call. Whoever made it MUST call GiveBack when the call is over.
func Lend(caller context.Context, deadline time.Time) *Lent {
	return &Lent{caller: caller, deadline: deadline}
}

// Deadline implements context.Context.
func (l *Lent) Deadline() (time.Time, bool) {
	if d, ok := l.caller.Deadline(); ok && d.Before(l.deadline) {
		return d, true
	}
	return l.deadline, true
}

// Done implements context.Context.
func (l *Lent) Done() <-chan struct{} {
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
func (l *Lent) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timed != nil {
		return l.timed.Err()
	}
	if err := l.caller.Err(); err != nil {
		return err
	}
	switch {
	case l.returned:
		return context.Canceled
	case time.Until(l.deadline) <= 0:
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements context.Context. The one with a timer answers for itself, so that contexts made from this one hang on
// it directly.
func (l *Lent) Value(key any) any {
	l.mu.Lock()
	timed := l.timed
	l.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return l.caller.Value(key)
}

// GiveBack ends the context.
func (l *Lent) GiveBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.returned = true
	if l.cancel != nil {
		l.cancel()
	}
}
