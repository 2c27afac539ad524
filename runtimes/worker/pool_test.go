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
