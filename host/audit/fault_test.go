package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// faulty fails its n-th fallible operation: a write after some of its bytes, a sync, a truncation or a look. If broken,
// every later one fails too.
type faulty struct {
	file
	n      int64
	short  int // bytes that a failing write still writes
	err    error
	broken bool
	ops    atomic.Int64
	failed atomic.Value // the name of the operation that failed
	writes atomic.Int64 // writes begun after the fault
}

func (f *faulty) fault(name string) error {
	k := f.ops.Add(1)
	if k == f.n {
		f.failed.Store(name)
	}
	if k == f.n || f.broken && k > f.n {
		return f.err
	}
	return nil
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

// The n-loop: whatever operation fails, and however: nothing acknowledged is lost, nothing is acknowledged afterwards, and
// the next start goes on.
func TestEveryFaultFailsClosedAndLosesNothing(t *testing.T) {
	_, data := made(t, 2)
	torn := append(data, "torn"...)
	for _, broken := range []bool{false, true} {
		for short, cause := range map[int]error{0: unix.EIO, 1: unix.ENOSPC, 100: unix.EIO, 1 << 20: unix.ENOSPC} {
			seen := map[string]int{}
			for n := int64(1); ; n++ {
				name, done := faultRun(t, torn, &faulty{n: n, short: short, err: cause, broken: broken})
				if done {
					break
				}
				seen[name]++
			}
			if seen["write"] < 2 || seen["sync"] < 3 || seen["truncate"] < 1 || seen["stat"] < 2 {
				t.Errorf("operations that failed: %v", seen)
			}
		}
	}
}

// faultRun reports done once a run is over before its fault.
func faultRun(t *testing.T, data []byte, f *faulty) (name string, done bool) {
	t.Helper()
	dir := left(t, data)
	acked := map[uint64]string{}
	l, err := Open(Config{Dir: dir, wrap: func(in file) file { f.file = in; return f }})
	if err == nil {
		acked = use(t, l)
		err = l.Err()
		mustClose(t, l)
	}
	name, _ = f.failed.Load().(string)
	if name == "" {
		if err != nil || len(acked) != 9 {
			t.Fatalf("without a fault: %v, %d acknowledged", err, len(acked))
		}
		return "", true
	}
	if !errors.Is(err, f.err) {
		t.Fatalf("after a failed %s: %v", name, err)
	}
	if f.writes.Load() > 0 {
		t.Fatalf("the log wrote again after a failed %s", name)
	}
	wantAll(t, dir, acked)
	mustAppend(t, openIn(t, dir), note("again"))
	wantAll(t, dir, acked)
	return name, false
}

// wantAll opens a copy of the log as the next start would, and looks for what was acknowledged.
func wantAll(t *testing.T, dir string, acked map[uint64]string) {
	t.Helper()
	dir = left(t, content(t, dir))
	mustClose(t, openIn(t, dir))
	if _, err := VerifyFile(filepath.Join(dir, FileName), nil); err != nil {
		t.Fatal(err)
	}
	lines := split(content(t, dir))
	for i, hash := range acked {
		if i >= uint64(len(lines)) || string(lines[i][:hashLen]) != hash {
			t.Fatalf("acknowledged entry %d is lost", i)
		}
	}
}

// After a failed write the file ends in a whole entry again.
func TestFailedWriteIsTakenBack(t *testing.T) {
	for _, short := range []int{0, 1, 200} {
		dir := t.TempDir()
		f := &faulty{short: short, err: unix.ENOSPC}
		l, err := Open(Config{Dir: dir, wrap: func(in file) file { f.file = in; return f }})
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, l, note("a"))
		before := content(t, dir)
		f.n = f.ops.Load() + 2 // stat, then write
		if _, err := l.Append(ctx, note("b")); !errors.Is(err, ErrFailed) || !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("append: %v", err)
		}
		if got := content(t, dir); string(got) != string(before) {
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
	written, durable atomic.Int64
}

func (c *cached) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p)))
	return c.file.Write(p)
}

func (c *cached) Sync() error {
	c.durable.Store(c.written.Load())
	return c.file.Sync()
}

func TestAcknowledgedIsDurable(t *testing.T) {
	var c cached
	l, err := Open(Config{Dir: t.TempDir(), wrap: func(f file) file { c.file = f; return &c }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 20 {
		before := c.durable.Load()
		mustAppend(t, l, note("x"))
		if c.durable.Load() <= before || c.durable.Load() != c.written.Load() {
			t.Fatal("acknowledged before it was durable")
		}
	}
}
