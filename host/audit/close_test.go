package audit

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"
)

func TestCloseWhileAppending(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	var wg sync.WaitGroup
	var mu sync.Mutex
	acked := map[uint64]string{}
	for range 8 {
		wg.Go(func() {
			for {
				r, err := l.Append(ctx, result("x"))
				if err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				acked[r.Index] = r.Hash
				mu.Unlock()
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	mustClose(t, l)
	mustClose(t, l)
	wg.Wait()
	h := read(t, dir)
	for i, hash := range acked {
		if i >= h.size() || hashOf([]byte(h.bodies[i])) != hash {
			t.Fatalf("acknowledged entry %d is lost", i)
		}
	}
	if head, err := testSigner(t).Verifier().Open(content(t, dir, CheckpointName)); err != nil || head.Size != h.size() {
		t.Errorf("published: %+v, %v", head, err)
	}
	if _, err := l.Append(ctx, note("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
}

// What was queued before Close is durable when Close returns.
func TestCloseWaitsForTheQueue(t *testing.T) {
	dir := t.TempDir()
	var v valve
	l := openIn(t, dir, v.into)
	open := v.shut(t, l)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { mustAppend(t, l, note("x")) })
	}
	eventually(t, func() bool { return len(l.queue) == 50 })
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	<-l.quit
	open()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	wg.Wait()
	if h := read(t, dir); h.size() != 51 {
		t.Errorf("%d entries", h.size())
	}
}

// crowd fills the queue of a log that is held up. What it returns waits until all of that is durable.
func crowd(t *testing.T, l *Log) (wait func()) {
	t.Helper()
	var wg sync.WaitGroup
	for range maxQueue {
		wg.Go(func() { mustAppend(t, l, note("queued")) })
	}
	eventually(t, func() bool { return len(l.queue) == maxQueue })
	return wg.Wait
}

// A full queue holds callers up. Nothing is dropped, and who does not want to wait is told that nothing happened.
func TestAFullQueueHoldsCallersUp(t *testing.T) {
	dir := t.TempDir()
	var v valve
	l := openIn(t, dir, v.into)
	open := v.shut(t, l)
	wait := crowd(t, l)
	impatient, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := l.Append(impatient, note("impatient")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("append to a full queue: %v", err)
	}
	patient := make(chan error, 1)
	go func() { _, err := l.Append(ctx, note("patient")); patient <- err }()
	open()
	if err := <-patient; err != nil {
		t.Error(err)
	}
	wait()
	mustClose(t, l)
	seen := map[string]int{}
	for _, e := range read(t, dir).entries {
		seen[e.Resource]++
	}
	if seen["queued"] != maxQueue || seen["patient"] != 1 || seen["impatient"] != 0 {
		t.Errorf("entries: %v", seen)
	}
}

// Once queued, an entry is not abandoned: its sender learns what became of it.
func TestAQueuedEntryIsNotAbandoned(t *testing.T) {
	dir := t.TempDir()
	var v valve
	l := openIn(t, dir, v.into)
	open := v.shut(t, l)
	gone, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { _, err := l.Append(gone, note("x")); done <- err }()
	eventually(t, func() bool { return len(l.queue) == 1 })
	cancel()
	select {
	case err := <-done:
		t.Errorf("abandoned: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	open()
	if err := <-done; err != nil {
		t.Error(err)
	}
	mustClose(t, l)
	if h := read(t, dir); h.size() != 2 {
		t.Errorf("%d entries", h.size())
	}
}

// Whoever waits for room when the log closes is told so.
func TestCloseTurnsAwayWhoWaitsForRoom(t *testing.T) {
	dir := t.TempDir()
	var v valve
	l := openIn(t, dir, v.into)
	open := v.shut(t, l)
	wait := crowd(t, l)
	waiting := make(chan error, 1)
	go func() { _, err := l.Append(ctx, note("late")); waiting <- err }()
	time.Sleep(10 * time.Millisecond)
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	if err := <-waiting; !errors.Is(err, ErrClosed) {
		t.Errorf("append while closing: %v", err)
	}
	open()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	wait()
	if h := read(t, dir); h.size() != maxQueue+1 {
		t.Errorf("%d entries", h.size())
	}
}

// A log that closes while it publishes does not leave the half of it.
func TestCloseWhilePublishing(t *testing.T) {
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			l := openIn(t, dir)
			mustAppend(t, l, note("x"))
			eventually(t, func() bool {
				_, err := os.Stat(fileOf(dir, CheckpointName+".new"))
				return err == nil || l.Checkpoint() != nil
			})
			mustClose(t, l)
			if h := read(t, dir); h.size() != 1 {
				t.Errorf("%d entries", h.size())
			}
			if _, err := os.Stat(fileOf(dir, CheckpointName+".new")); err == nil {
				t.Error("half a checkpoint is left")
			}
		})
	}
}
