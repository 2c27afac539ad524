package worker

import (
	"context"
	"sync"
	"time"
)

// A lent context is what the Host gets: it has the caller's values and ends with the caller's context, at a deadline, or
// with the call. Nothing waits for the deadline before somebody asks for Done.
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
