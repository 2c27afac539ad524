package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

type failedLog struct {
	failed chan struct{}
	err    error
}

func (f failedLog) Failed() <-chan struct{} { return f.failed }
func (f failedLog) Err() error              { return f.err }

// A host whose log has failed says so to whoever asks, and only then closes the door.
func TestAHostStopsAMomentAfterItsLogFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := failedLog{make(chan struct{}), errors.New("no space")}
		ctx, stop := context.WithCancelCause(t.Context())
		go stopAfter(ctx, log, stop)
		time.Sleep(time.Hour)
		close(log.failed)
		time.Sleep(lastWord - time.Nanosecond)
		synctest.Wait()
		if ctx.Err() != nil {
			t.Error("it stopped at once")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if err := context.Cause(ctx); !errors.Is(err, log.err) {
			t.Errorf("it stopped for %v", err)
		}
	})
}

func TestAHostThatIsStoppedDoesNotWaitForItsLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		go stopAfter(ctx, failedLog{make(chan struct{}), nil}, stop)
		stop(nil)
		synctest.Wait() // the bubble ends with nobody left in it
	})
}
