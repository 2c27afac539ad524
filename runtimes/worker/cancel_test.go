package worker

import (
	"context"
	"testing"
	"time"

	"bulkhead/runtimes"
)

// The end of a caller's context can be noticed after its call has been answered, while the worker is at work for the next
// caller. That one's time is its own.
func TestCancelledTooLate(t *testing.T) {
	type key struct{}
	w := modestWorld(t, &witness{})
	first, err := w.take(t.Context(), time.Now().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { w.put(first, frame{}) }()
	one, two := context.WithValue(t.Context(), key{}, 1), context.WithValue(t.Context(), key{}, 2)
	first.begin(one, time.Now().Add(time.Minute))
	defer first.finish()
	first.call = 7
	first.arm()
	first.disarm()
	first.cancel(one)
	first.ctx, first.call = two, 8
	first.arm()
	first.cancel(one)
	select {
	case <-first.peer.gone():
		t.Error("the next caller's worker was killed")
	case <-time.After(4 * runtimes.Grace):
	}
	if first.cancelled.Load() == 8 {
		t.Error("the next call was cancelled")
	}
	first.disarm()
	if first.late {
		t.Error("the timer has fired")
		first.dead = true
	}
}

// A plugin may ask its model again with a context that ended while nobody waited for the worker: the next one who does
// hears of it.
func TestCancelledTooEarly(t *testing.T) {
	w := modestWorld(t, &witness{})
	worker, err := w.take(t.Context(), time.Now().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { w.put(worker, frame{}) }()
	ctx, cancel := context.WithCancel(t.Context())
	worker.begin(ctx, time.Now().Add(time.Minute))
	defer worker.finish()
	worker.call = 7
	worker.arm()
	worker.disarm()
	heard := make(chan struct{})
	context.AfterFunc(ctx, func() { close(heard) })
	cancel()
	<-heard
	time.Sleep(10 * time.Millisecond) // the worker's own has run too
	worker.call = 8
	worker.arm()
	if worker.cancelled.Load() != 8 {
		t.Error("nobody told the worker")
	}
	worker.disarm()
}
