package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkhead/runtimes"
)

// Whatever a worker does, its caller is free soon after the call is over. A worker hears of the end in three ways: it has
// been told how much time there is, it is told in the reply to its next question, or in shared memory. Who hears nothing
// is killed.

const (
	// stop is how long a worker may take to end a call that is over, before it is killed.
	stop = runtimes.Grace / 2
	// never is long enough for a timer that is set before it is needed.
	never = time.Hour
)

var (
	errTime = fmt.Errorf("%w: time", runtimes.ErrLimit)
	errLate = errors.New("killed: it did not end in time")
)

// over says why the call may not go on: its caller gave it up, or its time has passed.
func (w *worker) over() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if time.Now().Before(w.until) {
		return nil
	}
	if w.ours {
		return errTime
	}
	return context.DeadlineExceeded
}

// next waits for the worker's next frame.
func (w *worker) next() (frame, error) {
	ok, err := w.spin(hostSpin)
	if err == nil && !ok {
		w.arm()
		err = w.sleep()
		w.disarm()
		if w.late {
			err = errLate
		}
	}
	if err != nil {
		return frame{}, err
	}
	f := w.receive()
	if f.call != w.call {
		return f, brokenf("a frame of call %d during call %d", f.call, w.call)
	}
	if f.n > areaSize {
		return f, brokenf("a frame with %d bytes", f.n)
	}
	return f, nil
}

// arm sees to it that a worker does not keep its caller for longer than it may. Before that, nothing but the caller's own
// goroutine looks at the clock: most answers come while it spins.
func (w *worker) arm() {
	w.mu.Lock()
	w.awaited, w.awaiting = w.call, w.ctx
	w.mu.Unlock()
	w.timer.Reset(max(0, time.Until(w.until)) + stop)
	if w.ctx.Done() == nil {
		return
	}
	w.watch(w.ctx)
	if w.ctx.Err() != nil { // since before somebody waited
		w.cancel(w.ctx)
	}
}

// watch waits for the end of a caller's context, once: a plugin that asks a model again comes with the same one.
func (w *worker) watch(ctx context.Context) {
	if w.watched == ctx {
		return
	}
	w.unwatch()
	w.watched, w.unwatch = ctx, context.AfterFunc(ctx, func() { w.cancel(ctx) })
}

// cancel tells a worker that the caller has given its call up, and kills it if it does not listen.
func (w *worker) cancel(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.awaiting != ctx { // the answer came first; who waits now may be another caller
		return
	}
	w.cancelled.Store(w.awaited)
	w.timer.Reset(min(0, time.Until(w.until)) + stop)
}

func (w *worker) disarm() {
	w.mu.Lock()
	w.awaiting = nil
	w.mu.Unlock()
	w.late = !w.timer.Stop()
}
