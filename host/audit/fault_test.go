package audit

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"bulkhead/host/gate"
)

// faults make the n-th fallible operation on a log's segments fail: a write after some of its bytes, a sync, a truncation
// or a look. If broken, every later one fails too.
type faults struct {
	n      int64
	only   string // the one kind of operation that counts and fails; "": all
	short  int    // bytes that a failing write still writes
	err    error
	broken bool
	ops    atomic.Int64
	failed atomic.Value // the name of the operation that failed
	writes atomic.Int64 // writes begun after the fault
}

func (f *faults) into(c *Config) { c.wrap = func(in file) file { return &faulty{in, f} } }

func (f *faults) fault(name string) error {
	if f.only != "" && f.only != name {
		return nil
	}
	k := f.ops.Add(1)
	if k == f.n {
		f.failed.Store(name)
	}
	if k == f.n || f.broken && f.n > 0 && k > f.n {
		return f.err
	}
	return nil
}

type faulty struct {
	file
	*faults
}

func (f *faulty) Write(p []byte) (int, error) {
	if f.failed.Load() != nil {
		f.writes.Add(1)
	}
	if err := f.fault("write"); err != nil {
		n, _ := f.file.Write(p[:min(f.short, len(p))])
		return n, err
	}
	return f.file.Write(p)
}

func (f *faulty) Sync() error {
	if err := f.fault("sync"); err != nil {
		return err
	}
	return f.file.Sync()
}

func (f *faulty) Truncate(size int64) error {
	if err := f.fault("truncate"); err != nil {
		return err
	}
	return f.file.Truncate(size)
}

func (f *faulty) Stat() (os.FileInfo, error) {
	if err := f.fault("stat"); err != nil {
		return nil, err
	}
	return f.file.Stat()
}

// use appends from several goroutines and returns the hashes that were acknowledged, by index.
func use(t *testing.T, l *Log) map[uint64]string {
	t.Helper()
	acked := map[uint64]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for p := range 3 {
		wg.Go(func() {
			failed := false
			for i := range 3 {
				r, err := l.Append(ctx, note(fmt.Sprintf("%d-%d", p, i)))
				if err != nil {
					failed = true
					if !errors.Is(err, ErrFailed) {
						t.Errorf("append: %v", err)
					}
					continue
				}
				if failed {
					t.Error("an append was acknowledged after one had failed")
				}
				mu.Lock()
				acked[r.Index] = r.Hash
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return acked
}

// The n-loop: whatever operation fails, and however, in a run that cuts a torn tail, appends and begins a segment: nothing
// acknowledged is lost, nothing is acknowledged afterwards, and the next start goes on.
func TestEveryFaultFailsClosedAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	fill(t, l, 251)
	mustClose(t, l)
	overwrite(t, dir, firstSegment, append(content(t, dir, firstSegment), "torn"...))
	for _, c := range []struct {
		short int
		err   error
	}{{0, unix.EIO}, {100, unix.EIO}, {0, unix.EDQUOT}, {1, unix.ENOSPC}, {1 << 20, unix.ENOSPC}} {
		for _, broken := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v after %d bytes, broken=%v", c.err, c.short, broken), func(t *testing.T) {
				t.Parallel()
				seen := map[string]int{}
				for n := int64(1); ; n++ {
					name := faultRun(t, copied(t, dir), &faults{n: n, short: c.short, err: c.err, broken: broken})
					if name == "" {
						break
					}
					seen[name]++
				}
				if seen["write"] < 3 || seen["sync"] < 4 || seen["truncate"] != 1 || seen["stat"] < 4 {
					t.Errorf("operations that failed: %v", seen)
				}
			})
		}
	}
}

// faultRun returns the name of the operation that failed, nothing if the run was over before.
func faultRun(t *testing.T, dir string, f *faults) string {
	t.Helper()
	acked := map[uint64]string{}
	l, err := Open(config(t, dir, rotating, f.into))
	if err == nil {
		acked = use(t, l)
		err = l.Err()
		if e := l.Close(); e != nil {
			t.Fatal(e)
		}
	}
	name, _ := f.failed.Load().(string)
	if name == "" {
		if err != nil || len(acked) != 9 {
			t.Fatalf("without a fault: %v, %d acknowledged", err, len(acked))
		}
	} else if !errors.Is(err, f.err) {
		t.Fatalf("after a failed %s: %v", name, err)
	}
	again := int64(0) // that there is no room may be written
	if name == "write" && f.err != unix.EIO {
		again = 1
	}
	if f.writes.Load() > again {
		t.Fatalf("the log wrote %d times after a failed %s", f.writes.Load(), name)
	}
	wantAll(t, dir, acked)
	return name
}

// wantAll opens the log as the next start would, and looks for what was acknowledged.
func wantAll(t *testing.T, dir string, acked map[uint64]string) {
	t.Helper()
	l := openIn(t, dir, rotating)
	mustAppend(t, l, note("again"))
	mustClose(t, l)
	h := read(t, dir)
	for i, hash := range acked {
		if i >= h.size() || hashOf([]byte(h.bodies[i])) != hash {
			t.Fatalf("acknowledged entry %d is lost", i)
		}
	}
	if n := count(h, gate.AuditRecover); n < 1 {
		t.Fatalf("%d entries about the torn tail", n)
	}
}

// count is the number of entries of an event.
func count(h *history, event gate.Event) (n int) {
	for _, e := range h.entries {
		if e.Event == event {
			n++
		}
	}
	return n
}

// After a failed write the file ends in a whole batch again.
func TestFailedWriteIsTakenBack(t *testing.T) {
	for _, short := range []int{0, 1, 200} {
		dir := t.TempDir()
		f := &faults{short: short, err: unix.EIO}
		l := openIn(t, dir, f.into)
		mustAppend(t, l, note("a"))
		before := content(t, dir, firstSegment)
		f.n = f.ops.Load() + 2 // stat, then write
		if _, err := l.Append(ctx, note("b")); !errors.Is(err, ErrFailed) || !errors.Is(err, unix.EIO) {
			t.Fatalf("append: %v", err)
		}
		if got := content(t, dir, firstSegment); string(got) != string(before) {
			t.Errorf("short write of %d bytes left %q", short, got[len(before):])
		}
		if l.Head().Size != 1 {
			t.Errorf("head %+v", l.Head())
		}
	}
}

// cached is a device with a cache that only Sync empties.
type cached struct {
	file
	written, durable *atomic.Int64
}

func (c cached) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p)))
	return c.file.Write(p)
}

func (c cached) Sync() error {
	n := c.written.Load()
	err := c.file.Sync()
	c.durable.Store(n)
	return err
}

func TestAcknowledgedIsDurable(t *testing.T) {
	var c cached
	var written, durable atomic.Int64
	l := openIn(t, t.TempDir(), rotating, func(o *Config) {
		o.wrap = func(f file) file { c = cached{f, &written, &durable}; return c }
	})
	for range 300 {
		before := durable.Load()
		mustAppend(t, l, note("x"))
		if durable.Load() <= before {
			t.Fatal("acknowledged before it was durable")
		}
	}
	mustClose(t, l)
	if durable.Load() != written.Load() {
		t.Error("something was written and not synced")
	}
}
