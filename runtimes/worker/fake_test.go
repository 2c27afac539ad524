package worker

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A fake is a worker without a process and without a sandbox: a goroutine that speaks as a child does, or otherwise. It is
// killed by taking its pipes away.
type fake struct {
	*child
	wake    int // one more end of its own bell
	stopped atomic.Bool
	once    sync.Once
	done    chan struct{}
}

func (f *fake) gone() <-chan struct{} { return f.done }
func (f *fake) why() string           { return "fake death" }

// kill implements peer. Who reads or writes its pipes from now on meets nothing.
func (f *fake) kill() {
	f.once.Do(func() {
		f.stopped.Store(true)
		nothing, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			panic(err)
		}
		defer unix.Close(nothing)
		unix.Dup3(nothing, f.ring, unix.O_CLOEXEC)
		unix.Dup3(nothing, f.read, unix.O_CLOEXEC)
		unix.Write(f.wake, []byte{0})
	})
}

// startFake starts a fake for p that lives as its script says, and returns the host's side.
func startFake(p *plugin, script func(f *fake) error) (*worker, error) {
	fd, s, err := makeShared()
	if err != nil {
		return nil, err
	}
	unix.Close(fd)
	var bell, ring [2]int
	if err := errors.Join(unix.Pipe2(bell[:], unix.O_CLOEXEC), unix.Pipe2(ring[:], unix.O_CLOEXEC)); err != nil {
		return nil, err
	}
	wake, err := unix.FcntlInt(uintptr(bell[1]), unix.F_DUPFD_CLOEXEC, 0)
	if err := errors.Join(err, unix.SetNonblock(bell[1], true), unix.SetNonblock(ring[1], true)); err != nil {
		return nil, err
	}
	c := &child{shared: s, link: link{in: &s.host, out: &s.header.worker, read: bell[0], ring: ring[1]}}
	c.settle, c.quit = func(runtimes.Limits) error { return nil }, func(error) { runtime.Goexit() }
	if c.program, err = mapSealed(p.image); err != nil {
		return nil, err
	}
	if c.code, err = mapSealed(p.code); err != nil {
		return nil, err
	}
	f := &fake{child: c, wake: wake, done: make(chan struct{})}
	go func() {
		defer func() {
			f.kill()
			unix.Close(bell[0])
			unix.Close(ring[1])
			unix.Close(wake)
			for _, b := range [][]byte{c.program, c.code} {
				if b != nil {
					unix.Munmap(b)
				}
			}
			close(f.done)
		}()
		script(f)
	}()
	release := func() error { return errors.Join(unix.Close(ring[0]), unix.Close(bell[1]), s.unmap()) }
	return newWorker(p, &link{in: &s.header.worker, out: &s.host, read: ring[0], ring: bell[1]}, s, f, release), nil
}

// honest is the life of a worker that does what it should, with a backend of its own.
func honest(b runtimes.Backend) func(f *fake) error {
	return func(f *fake) error {
		if err := f.hello("fake v1", allLayers, 1, nil); err != nil {
			return err
		}
		return f.work(b)
	}
}

// A world is a module whose workers are fakes, each with the next of its scripts, the last one again and again.
type world struct {
	*Module
	clock *clock
}

// testStart is how long a fake may load.
const testStart = time.Second

// newWorld loads p.
func newWorld(t testing.TB, p runtimes.Program, scripts ...func(f *fake) error) (*world, error) {
	t.Helper()
	return newTimedWorld(t, testStart, p, scripts...)
}

func newTimedWorld(t testing.TB, start time.Duration, p runtimes.Program, scripts ...func(f *fake) error) (*world, error) {
	t.Helper()
	b, err := New(Config{Backend: "fake"})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = p.Checked(); err != nil {
		t.Fatal(err)
	}
	q, err := b.prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	var started atomic.Int32
	w := &world{clock: &clock{time: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)}}
	w.Module = newModule(q, func() (*worker, error) {
		n := min(int(started.Add(1)), len(scripts))
		return startFake(q, scripts[n-1])
	}, w.clock.now)
	w.startTime = start
	if err := w.open(t.Context()); err != nil {
		w.Close(context.Background())
		return nil, err
	}
	t.Cleanup(func() { w.Close(context.Background()) })
	return w, nil
}

// A clock is moved by hand.
type clock struct {
	mu   sync.Mutex
	time time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(d)
}

// A witness is a Host that counts what reaches it, and answers its input, which must not change meanwhile.
type witness struct {
	calls   [abi.Progress + 1]atomic.Int64
	changed atomic.Int64
}

func (w *witness) Capability(_ context.Context, c abi.Capability, _ uint32, dst, in []byte) ([]byte, error) {
	w.calls[c].Add(1)
	if before := string(in); c == abi.Audit && len(in) > 0 {
		if time.Sleep(time.Millisecond); string(in) != before {
			w.changed.Add(1)
		}
	}
	return append(dst, in...), nil
}
