package worker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A task is the context of what a worker does at the moment. It ends when its time is over, when the host says so in a
// reply or in shared memory, or when it is done. Looking is cheap; nothing waits before somebody asks for Done.
type task struct {
	call      uint32
	cancelled *atomic.Uint32
	until     time.Time
	over      atomic.Bool // told, or done

	mu    sync.Mutex
	done  chan struct{}
	timer *time.Timer
}

// taskKey is the key under which a task, and every context made from it, has the task.
type taskKey struct{}

// look is how often a waiting task looks for the host's word.
const look = 5 * time.Millisecond

// Deadline implements context.Context.
func (t *task) Deadline() (time.Time, bool) { return t.until, true }

// Value implements context.Context.
func (t *task) Value(key any) any {
	if key == (taskKey{}) {
		return t
	}
	return nil
}

// Err implements context.Context.
func (t *task) Err() error {
	switch {
	case t.over.Load() || t.call != 0 && t.cancelled.Load() == t.call:
		return context.Canceled
	case time.Until(t.until) <= 0:
		return context.DeadlineExceeded
	}
	return nil
}

// Done implements context.Context.
func (t *task) Done() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done == nil {
		t.done = make(chan struct{})
		t.timer = time.AfterFunc(0, t.watch)
	}
	return t.done
}

// watch closes done when the task has ended, or looks again soon.
func (t *task) watch() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done == nil {
		return
	}
	if t.Err() == nil {
		t.timer.Reset(max(0, min(look, time.Until(t.until))))
		return
	}
	select {
	case <-t.done:
	default:
		close(t.done)
	}
}

// finish ends the task. Contexts made from it end too.
func (t *task) finish() {
	t.over.Store(true)
	t.mu.Lock()
	waiting := t.done != nil
	t.mu.Unlock()
	if waiting {
		t.watch()
	}
}
