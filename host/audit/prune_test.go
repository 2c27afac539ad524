package audit

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// hourly has each look at the clock find it an hour later.
func hourly(start time.Time) func(*Config) {
	return func(c *Config) { c.Now = func() time.Time { start = start.Add(time.Hour); return start } }
}

var longAgo = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// aged returns a log of five segments, and when the last entry of each but the last was written.
func aged(t *testing.T, dir string) (*Log, []time.Time) {
	t.Helper()
	l := openIn(t, dir, rotating, hourly(longAgo))
	fill(t, l, 1100)
	var ends []time.Time
	for _, i := range []int{255, 511, 767, 1023} {
		ends = append(ends, parseTime(read(t, dir).entries[i].Timestamp))
	}
	return l, ends
}

func TestPruneTakesWholeOldSegments(t *testing.T) {
	at := func(i uint64) *uint64 { return &i }
	whole := t.TempDir()
	l, ends := aged(t, whole)
	mustClose(t, l)
	before := read(t, whole)
	for _, c := range []struct {
		name   string
		before time.Time
		limit  *uint64
		size   uint64 // the first entry that stays
	}{
		{"nothing is old", longAgo, nil, 0},
		{"one entry of the first is too young", ends[0], nil, 0},
		{"the first", ends[0].Add(1), nil, 256},
		{"three", ends[3], nil, 768},
		{"all but the last", ends[3].Add(1), nil, 1024},
		{"everything is old", ends[3].AddDate(1000, 0, 0), nil, 1024},
		{"a limit", ends[3].AddDate(1, 0, 0), at(600), 512},
		{"a limit where a segment begins", ends[3].AddDate(1, 0, 0), at(512), 512},
		{"a limit before the end of the first", ends[3].AddDate(1, 0, 0), at(255), 0},
		{"the first entry must stay", ends[3].AddDate(1, 0, 0), at(0), 0},
		{"a limit behind everything", ends[3].AddDate(1, 0, 0), at(1 << 60), 1024},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copied(t, whole)
			l := openIn(t, dir, rotating, hourly(ends[3].AddDate(0, 1, 0)))
			could, err := l.Prunable(c.before, c.limit)
			if err != nil {
				t.Fatal(err)
			}
			p, err := l.Prune(ctx, c.before, c.limit)
			if err != nil || p != could || p.Size != c.size || p.Segments != int(c.size)/256 {
				t.Fatalf("%+v, could %+v, %v", p, could, err)
			}
			mustClose(t, l)
			h := read(t, dir)
			if h.first != c.size || c.size == 0 && count(h, gate.AuditPrune) != 0 {
				t.Errorf("the first entry is %d", h.first)
			}
			if c.size > 0 {
				wantPruneEntry(t, h, before, p)
			}
		})
	}
}

// wantPruneEntry looks for the entry about a pruning, which is the last one.
func wantPruneEntry(t *testing.T, h, before *history, p Pruned) {
	t.Helper()
	root := before.headAt(t, p.Size).Root
	want := Pruned{First: before.first, Size: p.Size, Root: base64.StdEncoding.EncodeToString(root[:]), Hash: hashOf([]byte(before.bodies[p.Size-1])),
		Segments: p.Segments, Bytes: p.Bytes}
	e := h.entries[len(h.entries)-1]
	var got Pruned
	if err := json.Unmarshal(e.Detail, &got); err != nil || got != want || p != want || p.Bytes < 256*300*int64(p.Segments) {
		t.Errorf("pruned %+v, the entry says %+v, want %+v; %v", p, got, want, err)
	}
	if e.Event != gate.AuditPrune || e.Kind != gate.KindHost || e.Outcome != gate.Success {
		t.Errorf("the entry of a pruning: %+v", e)
	}
	body, sig, err := checkpoint.WithoutSignature([]byte(h.bodies[len(h.bodies)-1]))
	if err != nil || testSigner(t).Verifier().Entry(body, sig) != nil {
		t.Errorf("its signature: %v", err)
	}
}

func TestAPrunedLogGoesOn(t *testing.T) {
	dir := t.TempDir()
	l, ends := aged(t, dir)
	proven := mustAppend(t, l, result("kept"))
	for i, end := range ends[:3] {
		if p, err := l.Prune(ctx, end.Add(1), nil); err != nil || p.First != uint64(i)*256 || p.Segments != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		if p, err := l.Prune(ctx, end.Add(1), nil); err != nil || p != (Pruned{}) {
			t.Fatalf("again: %+v, %v", p, err)
		}
		mustAppend(t, l, note("x"))
	}
	checkProof(t, proven)
	mustClose(t, l)
	for range 2 {
		l = openIn(t, dir, rotating, hourly(ends[3].AddDate(0, 1, 0)))
		fill(t, l, l.Head().Size+300)
		wantTiles(t, l, read(t, dir)) // those of what went too
		mustClose(t, l)
	}
	if h := read(t, dir); h.first != 768 || h.size() < 1700 {
		t.Errorf("entries %d to %d", h.first, h.size())
	}
}

// A crash between the entry and the last removal leaves segments that the next pruning takes.
func TestAnInterruptedPruningIsRepeated(t *testing.T) {
	whole := t.TempDir()
	l, ends := aged(t, whole)
	mustClose(t, l)
	pruned := copied(t, whole)
	later := hourly(ends[3].AddDate(0, 1, 0))
	l = openIn(t, pruned, rotating, later)
	if _, err := l.Prune(ctx, ends[2].Add(1), nil); err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	for _, left := range [][]uint64{{0, 256, 512}, {256, 512}, {512}} {
		dir := copied(t, pruned)
		for _, first := range left {
			overwrite(t, dir, segmentName(first), content(t, whole, segmentName(first)))
		}
		l := openIn(t, dir, rotating, later)
		read(t, dir)
		if p, err := l.Prune(ctx, ends[2].Add(1), nil); err != nil || p.First != left[0] || p.Size != 768 || p.Segments != len(left) {
			t.Fatalf("%+v, %v", p, err)
		}
		mustClose(t, l)
		if h := read(t, dir); h.first != 768 || count(h, gate.AuditPrune) != 2 {
			t.Errorf("the first entry is %d", h.first)
		}
	}
}

func TestSegmentsGoTheOldestFirst(t *testing.T) {
	dir := t.TempDir()
	l, ends := aged(t, dir)
	w := l.writer
	p, err := l.Prunable(ends[2].Add(1), nil)
	if err != nil || p.Size != 768 {
		t.Fatalf("%+v, %v", p, err)
	}
	mustClose(t, l)
	name := fileOf(dir, segmentName(256))
	if err := os.Rename(name, name+".kept"); err != nil {
		t.Fatal(err)
	}
	block(t, name)
	w.root, err = os.OpenRoot(folderOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer w.root.Close()
	if err := w.remove(p); err == nil {
		t.Fatal("it goes on behind what it cannot remove")
	}
	segments, err := listSegments(os.DirFS(folderOf(dir)))
	if err != nil || !slices.Equal(segments, []uint64{256, 512, 768, 1024}) {
		t.Errorf("%v, %v", segments, err)
	}
}

// Without the tiles of what goes nothing could be proven any more, nor the log be opened.
func TestNothingIsPrunedWhoseTilesAreLost(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, name string){
		"missing": func(t *testing.T, name string) { unblock(t, name) },
		"short":   func(t *testing.T, name string) { write(t, name, make([]byte, 100)) },
		"wrong":   func(t *testing.T, name string) { write(t, name, make([]byte, tree.Width*32)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, ends := aged(t, dir)
			damage(t, fileOf(dir, "tile/0/001"))
			if p, err := l.Prune(ctx, ends[2].Add(1), nil); err == nil {
				t.Errorf("pruned %+v", p)
			}
			mustClose(t, l)
			l = openIn(t, dir, rotating, hourly(ends[3].AddDate(0, 1, 0))) // makes the tile anew
			if p, err := l.Prune(ctx, ends[2].Add(1), nil); err != nil || p.Size != 768 {
				t.Errorf("%+v, %v", p, err)
			}
			mustClose(t, l)
			read(t, dir)
		})
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNotWholeIsNotPruned(t *testing.T) {
	for name, damage := range map[string]func(data []byte) []byte{
		"torn":        func(data []byte) []byte { return data[:len(data)-1] },
		"cut":         func(data []byte) []byte { return concat(split(data)[:2]...) },
		"emptied":     func([]byte) []byte { return nil },
		"no seal":     func(data []byte) []byte { l := split(data); return concat(l[:len(l)-1]...) },
		"edited":      func(data []byte) []byte { l := split(data); l[len(l)-2] = edited(l[len(l)-2]); return concat(l...) },
		"text":        func([]byte) []byte { return []byte("text\n") },
		"only a seal": func(data []byte) []byte { l := split(data); return l[len(l)-1] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, ends := aged(t, dir)
			overwrite(t, dir, segmentName(256), damage(content(t, dir, segmentName(256))))
			size := l.Head().Size
			p, err := l.Prune(ctx, ends[2].Add(1), nil)
			var problem *Problem
			if err == nil || name == "cut" && (!errors.As(err, &problem) || problem.Class != ClassDeleted) {
				t.Errorf("pruned %+v, %v", p, err)
			}
			if l.Head().Size != size {
				t.Error("an entry tells of what did not happen")
			}
		})
	}
}

func TestPruneNeedsALogThatWorks(t *testing.T) {
	dir := t.TempDir()
	l, ends := aged(t, dir)
	if err := os.Truncate(fileOf(dir, segmentName(1024)), 10); err != nil { // fails the next append
		t.Fatal(err)
	}
	if _, err := l.Prune(ctx, ends[2].Add(1), nil); !errors.Is(err, ErrFailed) {
		t.Errorf("prune: %v", err)
	}
	if _, err := os.Stat(fileOf(dir, firstSegment)); err != nil {
		t.Error(err)
	}
	l.Close()
	if _, err := l.Prune(ctx, ends[2].Add(1), nil); err == nil {
		t.Error("a closed log was pruned")
	}
}

func TestPruneWhileAppending(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating, hourly(longAgo))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					mustAppend(t, l, result("x"))
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for l.Head().Size < 1500 {
				if _, err := l.Prune(ctx, longAgo.AddDate(1, 0, 0), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	eventually(t, func() bool { return l.Head().Size >= 1500 })
	close(stop)
	wg.Wait()
	mustClose(t, l)
	h := read(t, dir)
	if h.first < 1024 || len(h.segments) > 2 {
		t.Errorf("segments %v", h.segments)
	}
	mustClose(t, openIn(t, dir, rotating))
}

// Two prunings at one time would tell of the same segments twice.
func TestOnePruningAtATime(t *testing.T) {
	dir := t.TempDir()
	var v valve
	l := openIn(t, dir, rotating, v.into)
	fill(t, l, 600)
	open := v.shut(t, l)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := l.Prune(ctx, time.Now().Add(time.Hour), nil); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, func() bool { return len(l.queue) > 0 })
	time.Sleep(20 * time.Millisecond)
	open()
	wg.Wait()
	mustClose(t, l)
	if h := read(t, dir); h.first != 512 || count(h, gate.AuditPrune) != 1 {
		t.Errorf("%d entries of prunings", count(h, gate.AuditPrune))
	}
}

func TestCloseWaitsForAPruning(t *testing.T) {
	l := openIn(t, t.TempDir())
	l.pruning.Lock() // as one that is removing files
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	select {
	case <-closed:
		t.Error("closed under a pruning")
	case <-time.After(50 * time.Millisecond):
	}
	l.pruning.Unlock()
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestPruneDuringClose(t *testing.T) {
	whole := t.TempDir()
	l := openIn(t, whole, rotating, hourly(longAgo))
	fill(t, l, 600)
	mustClose(t, l)
	for range 10 {
		dir := copied(t, whole)
		l := openIn(t, dir, rotating)
		var wg sync.WaitGroup
		var p Pruned
		var err error
		wg.Go(func() { p, err = l.Prune(ctx, time.Now(), nil) })
		mustClose(t, l)
		wg.Wait()
		if h := read(t, dir); err == nil && h.first != p.Size || err != nil && h.first != 0 {
			t.Fatalf("%+v, %v; the first entry is %d", p, err, h.first)
		}
		mustClose(t, openIn(t, dir, rotating))
	}
}
