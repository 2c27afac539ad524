package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"bulkhead/runtimes"
)

// Many deaths in a short time are a quarantine, which ends, and of which Status tells.
func TestQuarantineOfModule(t *testing.T) {
	p := attacked(&witness{})
	w := mustWorld(t, p, func(f *fake) error { return honest(hostile{f.stopped.Load})(f) })
	for range manyDeaths {
		if _, err := w.Call(t.Context(), nil, []byte("unknown message")); !errors.Is(err, runtimes.ErrDied) {
			t.Fatalf("error %v, want ErrDied", err)
		}
	}
	_, err := w.Call(t.Context(), nil, []byte("none"))
	if !errors.Is(err, runtimes.ErrQuarantined) {
		t.Fatalf("error %v, want ErrQuarantined", err)
	}
	time.Sleep(20 * time.Millisecond) // nothing is started meanwhile
	if s := w.Status(); !s.Quarantined.Equal(w.clock.now().Add(firstTime)) || s.Deaths != manyDeaths || s.Reason == "" || s.Instances != 0 {
		t.Errorf("%+v", s)
	}
	w.clock.move(firstTime)
	if answer, err := w.Call(t.Context(), nil, []byte("none")); string(answer) != "good" {
		t.Errorf("after the quarantine: %q %v", answer, err)
	}
	if s := w.Status(); !s.Quarantined.IsZero() || s.Instances != 1 {
		t.Errorf("%+v", s)
	}
}

// Whoever wants to hear of a quarantine does, once for each, and a module is not closed before.
func TestQuarantineIsTold(t *testing.T) {
	told, hold := make(chan runtimes.Status, 10), make(chan struct{})
	p := attacked(&witness{})
	p.Quarantined = func(s runtimes.Status) {
		told <- s
		<-hold
	}
	w := mustWorld(t, p, func(f *fake) error { return honest(hostile{f.stopped.Load})(f) })
	for range 2 {
		for range manyDeaths {
			w.Call(t.Context(), nil, []byte("unknown message"))
		}
		select {
		case s := <-told:
			if s.Reason == "" || !s.Quarantined.After(w.clock.now()) || s.Deaths%manyDeaths != 0 {
				t.Errorf("told of %+v", s)
			}
		case <-time.After(time.Minute):
			t.Fatal("nobody was told")
		}
		w.clock.move(longestTime)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closed while somebody is still being told: %v", err)
	}
	close(hold)
	if err := w.Close(t.Context()); err != nil || len(told) != 0 {
		t.Errorf("%v; told once too often: %d", err, len(told))
	}
}

// Workers that do not even start are deaths too. Who waits learns of the quarantine.
func TestQuarantineOfStarts(t *testing.T) {
	w := mustWorld(t, attacked(&witness{}), func(f *fake) error { return honest(hostile{f.stopped.Load})(f) },
		func(*fake) error { return nil })
	if _, err := w.Call(t.Context(), nil, []byte("dies")); !errors.Is(err, runtimes.ErrDied) {
		t.Fatal(err)
	}
	if _, err := w.Call(t.Context(), nil, []byte("none")); !errors.Is(err, runtimes.ErrQuarantined) {
		t.Errorf("error %v, want ErrQuarantined", err)
	}
	if s := w.Status(); s.Deaths != manyDeaths || s.Quarantined.IsZero() {
		t.Errorf("%+v", s)
	}
}

// A caller who gives up cannot bring a plugin into quarantine; one that does not end in its time does it itself.
func TestQuarantineAndCallers(t *testing.T) {
	p := attacked(&witness{})
	p.Limits.Timeout = 10 * time.Second
	w := mustWorld(t, p, func(f *fake) error { return honest(hostile{f.stopped.Load})(f) })
	for range manyDeaths + 1 {
		soon(t, "a worker", func() bool { return w.Status().Idle == 1 })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		before := time.Now()
		if _, err := w.Call(ctx, nil, []byte("never answers")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		if took := time.Since(before); took > patient {
			t.Errorf("it took %v", took)
		}
		cancel()
	}
	if s := w.Status(); s.Deaths != manyDeaths+1 || !s.Quarantined.IsZero() {
		t.Errorf("%+v", s)
	}
	p.Limits.Timeout = 5 * time.Millisecond
	w = mustWorld(t, p, func(f *fake) error { return honest(hostile{f.stopped.Load})(f) })
	for range manyDeaths {
		soon(t, "a worker", func() bool { return w.Status().Idle == 1 })
		if _, err := w.Call(t.Context(), nil, []byte("never answers")); !errors.Is(err, runtimes.ErrLimit) {
			t.Errorf("error %v, want ErrLimit", err)
		}
	}
	if s := w.Status(); s.Quarantined.IsZero() {
		t.Errorf("%+v", s)
	}
}

func TestQuarantineTimes(t *testing.T) {
	var q quarantine
	now := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	die := func() time.Duration {
		for range manyDeaths {
			q.died(now, "tired")
			now = now.Add(time.Second / 2)
		}
		return q.until.Sub(now.Add(-time.Second / 2))
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		if got := die(); got != want*time.Second {
			t.Errorf("quarantine of %v, want %ds", got, want)
		}
		if err := q.refuse(q.until.Add(-1)); !errors.Is(err, runtimes.ErrQuarantined) {
			t.Errorf("just before its end: %v", err)
		}
		if err := q.refuse(q.until); err != nil {
			t.Errorf("at its end: %v", err)
		}
		now = q.until
	}
	now = now.Add(3 * quietTime)
	if got := die(); got != 8*time.Second {
		t.Errorf("after four quiet minutes %v, want 8s", got)
	}
	now = now.Add(time.Hour)
	if got := die(); got != firstTime {
		t.Errorf("after a quiet hour %v", got)
	}
	q = quarantine{}
	for range 10 {
		if q.died(now, "old"); q.refuse(now) != nil {
			t.Error("a death now and then is a quarantine")
		}
		now = now.Add(deathWindow/2 + 1)
	}
}
