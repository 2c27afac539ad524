package audit

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// Many good logs of all kinds, and no false alarm. A seed that fails is printed.
func TestNoFalseAlarms(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 4))
		dir := t.TempDir()
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		change := func(c *Config) {
			c.SegmentSize = 1 << (1 + rng.IntN(18))
			c.Now = func() time.Time { return now }
			c.SignEach = []string{"key.*"}
		}
		var kept []byte
		for step := range 6 {
			now = now.Add(time.Duration(rng.IntN(48)-1) * time.Hour)
			l := openIn(t, dir, change)
			mixed(t, l, rng)
			if rng.IntN(3) == 0 {
				if _, err := l.Prune(ctx, now.Add(-30*time.Hour), nil); err != nil {
					t.Fatalf("seed %d, step %d: %v", seed, step, err)
				}
			}
			mustClose(t, l)
			if rng.IntN(3) == 0 {
				scratch(t, dir, rng)
			}
			for _, o := range [][]func(*Options){nil, {against(kept)}, {against(kept), from}} {
				if kept == nil && len(o) > 0 {
					continue
				}
				report, err := verify(t, dir, append(o, func(o *Options) { o.Workers = 1 + rng.IntN(4) })...)
				var p *Problem
				if errors.As(err, &p) && p.Class == ClassTorn && p.Index == l.Head().Size {
					continue // scratch did it
				}
				if err != nil || report.Size != l.Head().Size {
					t.Fatalf("seed %d, step %d: %v, size %d of %d", seed, step, err, report.Size, l.Head().Size)
				}
			}
			if rng.IntN(2) == 0 {
				kept = l.Checkpoint()
			}
		}
	}
}

// mixed appends entries of all sorts, some together.
func mixed(t *testing.T, l *Log, rng *rand.Rand) {
	t.Helper()
	for range rng.IntN(30) {
		var g sync.WaitGroup
		for range 1 + rng.IntN(24) {
			e := rich(rng.IntN(1000))
			e.Event = []gate.Event{gate.KeyUse, gate.CallResult, gate.HostStart, gate.AuthFailure}[rng.IntN(4)]
			if rng.IntN(8) == 0 {
				e = decision("c")
			}
			g.Go(func() {
				if _, err := l.Append(ctx, e); err != nil {
					t.Error(err)
				}
			})
		}
		g.Wait()
	}
}

// scratch leaves what a crash may leave: half a batch.
func scratch(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	f := readFiles(t, folderOf(dir))
	names := f.segments()
	last := names[len(names)-1]
	tail := f[last][:min(len(f[last]), rng.IntN(600))]
	for i := range tail {
		if tail[i] == '\n' {
			tail = tail[:i]
			break
		}
	}
	file, err := os.OpenFile(filepath.Join(folderOf(dir), last), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeSynced(file, []byte(tail)); err != nil {
		t.Fatal(err)
	}
}

// A host writes, begins segments and prunes, while others verify.
func TestVerifyBesideARunningHost(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := openIn(t, dir, func(c *Config) {
		c.SegmentSize = 1
		c.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(time.Second)
			return now
		}
	})
	stop, cancel := context.WithCancel(ctx)
	var g sync.WaitGroup
	for i := range 3 {
		g.Go(func() {
			for stop.Err() == nil {
				if _, err := l.Append(ctx, rich(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	g.Go(func() {
		for stop.Err() == nil {
			time.Sleep(100 * time.Millisecond)
			mu.Lock()
			before := now.Add(-20 * time.Minute)
			mu.Unlock()
			if _, err := l.Prune(ctx, before, nil); err != nil {
				t.Error(err)
			}
		}
	})
	var sizes []uint64
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		report, err := verify(t, dir)
		if err != nil {
			t.Errorf("%v; report %+v", err, report.Start)
			break
		}
		sizes = append(sizes, report.Size)
	}
	cancel()
	g.Wait()
	t.Logf("%d verifications, of sizes from %d to %d", len(sizes), sizes[0], sizes[len(sizes)-1])
}

// A batch that is on its way to the device when it is read is waited for.
func TestVerifyWaitsForABatchOnItsWay(t *testing.T) {
	f := readFiles(t, folderOf(made(t, 3)))
	whole := f[segmentName(0)]
	dir := (&world{t: t}).left(t, f.with(segmentName(0), whole[:len(whole)-300]))
	rest := make(chan error, 1)
	go func() {
		time.Sleep(growPause * 3 / 2)
		file, err := os.OpenFile(filepath.Join(folderOf(dir), segmentName(0)), os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			err = writeSynced(file, []byte(whole[len(whole)-300:]))
		}
		rest <- err
	}()
	if r, err := verify(t, dir); err != nil || r.Size != 3 {
		t.Errorf("%v: %+v", err, r)
	}
	if err := <-rest; err != nil {
		t.Fatal(err)
	}
}

// The checkpoint may be read before a segment begins, and the segments be listed after.
func TestVerifyLooksAgainForWhatIsPublished(t *testing.T) {
	dir, l := grown(t, 300, small)
	early := l.Checkpoint()
	for early == nil {
		time.Sleep(growPause)
		early = l.Checkpoint()
	}
	grow(t, l, 300)
	mustClose(t, l)
	path := filepath.Join(folderOf(dir), CheckpointName)
	if err := os.WriteFile(path, early, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := verify(t, dir)
	found(t, err, ClassRolledBack, headOf(t, early).Size)
	go func() {
		time.Sleep(growPause * 3 / 2)
		_ = os.WriteFile(path+".new", l.Checkpoint(), 0o600)
		_ = os.Rename(path+".new", path)
	}()
	if _, err := verify(t, dir); err != nil {
		t.Error(err)
	}
}

func headOf(t *testing.T, note []byte) checkpoint.Head {
	t.Helper()
	h, err := testSigner(t).Verifier().Open(note)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// What is pruned between two segments is no gap: Verify begins again.
func TestVerifyBeginsAgainWhenSegmentsArePruned(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	dir, l := grown(t, 1000, small, func(c *Config) { c.Now = func() time.Time { return now } })
	now = now.Add(time.Hour)
	grow(t, l, 300)
	var once sync.Once
	prune := func(int64, int64) {
		once.Do(func() {
			if p, err := l.Prune(ctx, now, nil); err != nil || p.Segments < 3 {
				t.Errorf("pruned %+v, %v", p, err)
			}
		})
	}
	r, err := verify(t, dir, func(o *Options) { o.Workers, o.Progress = 1, prune })
	if err != nil || r.Pruned == 0 {
		t.Errorf("%v: %+v", err, r)
	}
}
