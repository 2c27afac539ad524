package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A gate is a Host that lets nothing through before it is opened, and says who is inside.
type gate struct {
	inside atomic.Int64
	open   chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) Capability(_ context.Context, _ abi.Capability, _ uint32, dst, in []byte) ([]byte, error) {
	g.inside.Add(1)
	defer g.inside.Add(-1)
	<-g.open
	return append(dst, in...), nil
}

// signing is a program whose calls ask the Host once.
func signing(h runtimes.Host, instances int) runtimes.Program {
	p := testProgram([]byte("sign"), h)
	p.Limits.Instances = instances
	return p
}

func mustWorld(t testing.TB, p runtimes.Program, scripts ...func(f *fake) error) *world {
	t.Helper()
	w, err := newWorld(t, p, scripts...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Workers are started when they are needed, as many as are allowed, and no more.
func TestPoolGrows(t *testing.T) {
	g := newGate()
	w := mustWorld(t, signing(g, 3), honest(plain{}))
	if s := w.Status(); s.Instances != 1 || s.Idle != 1 {
		t.Errorf("at first %+v, want one worker", s)
	}
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			if _, err := w.Call(t.Context(), nil, []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	soon(t, "three calls at work", func() bool { return g.inside.Load() == 3 })
	time.Sleep(20 * time.Millisecond)
	if s := w.Status(); g.inside.Load() != 3 || s.Instances != 3 || s.Idle != 0 {
		t.Errorf("%d calls at work, %+v, want 3", g.inside.Load(), s)
	}
	close(g.open)
	calls.Wait()
	if s := w.Status(); s.Instances != 3 || s.Idle != 3 || s.Calls != 8 || s.Deaths != 0 {
		t.Errorf("at last %+v", s)
	}
}

func TestPoolTakesTheLastOne(t *testing.T) {
	g := newGate()
	w := mustWorld(t, signing(g, 2), honest(plain{}))
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() { w.Call(t.Context(), nil, nil) })
	}
	soon(t, "two calls at work", func() bool { return g.inside.Load() == 2 })
	close(g.open)
	calls.Wait()
	first := w.idle[0]
	for range 10 {
		w.Call(t.Context(), nil, nil)
	}
	if w.idle[0] != first || first.call != 1 || w.idle[1].call != 11 {
		t.Errorf("workers answered %d and %d calls, want 1 and 11", first.call, w.idle[1].call)
	}
}

// A stateful plugin's calls share one instance, and so one worker.
func TestPoolOfStatefulPlugin(t *testing.T) {
	p := signing(&witness{}, 5)
	p.Stateful = true
	if w := mustWorld(t, p, honest(plain{})); w.most != 1 {
		t.Errorf("%d workers", w.most)
	}
}

// Waiting counts: a call that gets no worker in its time ends, and so does one whose caller gives up.
func TestWaiting(t *testing.T) {
	g := newGate()
	p := signing(g, 1)
	p.Limits.Timeout = 100 * time.Millisecond
	w := mustWorld(t, p, honest(plain{}))
	first := make(chan error)
	go func() {
		_, err := w.Call(t.Context(), nil, nil)
		first <- err
	}()
	soon(t, "a call at work", func() bool { return g.inside.Load() == 1 })
	before := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := w.Call(ctx, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("impatient caller: %v, want context.DeadlineExceeded", err)
	}
	if _, err := w.Call(t.Context(), nil, nil); !errors.Is(err, runtimes.ErrLimit) {
		t.Errorf("waiting too long: %v, want ErrLimit", err)
	}
	if took := time.Since(before); took < 120*time.Millisecond || took > patient {
		t.Errorf("waiting took %v", took)
	}
	close(g.open)
	if err := <-first; !errors.Is(err, runtimes.ErrLimit) { // the Host did not look at its context
		t.Errorf("the first call: %v, want ErrLimit", err)
	}
	soon(t, "a worker", func() bool { return w.Status().Idle == 1 })
	if _, err := w.Call(t.Context(), nil, nil); err != nil {
		t.Errorf("after that: %v", err)
	}
	if s := w.Status(); s.Calls != 4 {
		t.Errorf("%+v, want 4 calls", s)
	}
}

// Who waits gets a worker that is started meanwhile, if that is sooner.
func TestWaitingForAStart(t *testing.T) {
	g := newGate()
	w := mustWorld(t, signing(g, 2), honest(plain{}), func(f *fake) error {
		time.Sleep(50 * time.Millisecond)
		return honest(plain{})(f)
	})
	go w.Call(t.Context(), nil, nil)
	soon(t, "a call at work", func() bool { return g.inside.Load() == 1 })
	go w.Call(t.Context(), nil, nil)
	soon(t, "a second call at work", func() bool { return g.inside.Load() == 2 })
	close(g.open)
}

// A worker that dies while nobody calls is replaced before somebody does.
func TestIdleDeath(t *testing.T) {
	w := mustWorld(t, testProgram([]byte("echo"), &witness{}), honest(plain{}))
	w.mu.Lock()
	dead := w.idle[0]
	w.mu.Unlock()
	dead.peer.kill()
	soon(t, "another worker", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.idle) == 1 && w.idle[0] != dead
	})
	if answer, err := w.Call(t.Context(), nil, []byte("x")); string(answer) != "x" || err != nil {
		t.Errorf("%q %v", answer, err)
	}
	if s := w.Status(); s.Deaths != 1 || s.Reason != "fake death" || s.Instances != 1 {
		t.Errorf("%+v", s)
	}
}

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
		q.died(now, "old")
		if now = now.Add(deathWindow/2 + 1); q.refuse(now) != nil {
			t.Error("a death now and then is a quarantine")
		}
	}
}

// Close waits for calls, in the queue too, and leaves nothing.
func TestClose(t *testing.T) {
	g := newGate()
	w := mustWorld(t, signing(g, 1), honest(plain{}))
	answers := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := w.Call(context.Background(), nil, nil)
			answers <- err
		}()
	}
	soon(t, "a call at work and one in the queue", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return g.inside.Load() == 1 && len(w.queue) == 1
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := w.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing during calls: %v", err)
	}
	if _, err := w.Call(t.Context(), nil, nil); !errors.Is(err, runtimes.ErrClosed) {
		t.Errorf("calling after Close: %v", err)
	}
	close(g.open)
	for range 2 {
		if err := <-answers; err != nil {
			t.Errorf("a call that ran during Close: %v", err)
		}
	}
	for range 2 {
		if err := w.Close(t.Context()); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	if s := w.Status(); s.Instances != 0 || s.Idle != 0 {
		t.Errorf("%+v", s)
	}
}

// Close does not wait for a worker that is being started for nobody.
func TestCloseDuringStart(t *testing.T) {
	p := testProgram([]byte("echo"), &witness{})
	p.Limits.Timeout = time.Minute
	w := mustWorld(t, p, honest(plain{}), func(f *fake) error { wait(f.stopped.Load); return nil })
	w.mu.Lock()
	w.idle[0].peer.kill()
	w.mu.Unlock()
	soon(t, "a start", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.starting
	})
	before := time.Now()
	if err := w.Close(t.Context()); err != nil || time.Since(before) > time.Second {
		t.Errorf("closing took %v: %v", time.Since(before), err)
	}
}
