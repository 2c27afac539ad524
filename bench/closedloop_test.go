package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// What callers share counts once for all of them, and each waits for all of it.
func TestClosedLoop(t *testing.T) {
	const callers, flush = 8, 10 * time.Millisecond
	var now, most atomic.Int32
	x := closedLoop{name: "x", callers: callers, call: func(context.Context) error {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(flush)
		now.Add(-1)
		return nil
	}}
	perCall, calls, err := x.slice(t.Context(), 5*flush)
	if err != nil || most.Load() != callers {
		t.Fatalf("%d called at once: %v", most.Load(), err)
	}
	for _, ns := range calls {
		if time.Duration(ns) < flush {
			t.Errorf("a call took %v", time.Duration(ns))
		}
	}
	if len(calls) < callers || time.Duration(perCall) > flush*3/4 {
		t.Errorf("%d calls, each %v of all the time", len(calls), time.Duration(perCall))
	}
}

func TestClosedLoopFails(t *testing.T) {
	broken := errors.New("broken")
	var n atomic.Int32
	for _, good := range []int32{0, 20} {
		n.Store(0)
		x := closedLoop{name: "x", callers: 4, call: func(context.Context) error {
			if n.Add(1) > good {
				return broken
			}
			return nil
		}}
		if _, _, err := x.slice(t.Context(), time.Minute); !errors.Is(err, broken) {
			t.Errorf("after %d: %v", good, err)
		}
	}
}
