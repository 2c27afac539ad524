package audit

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/gate"
)

// folderOf is the log's folder in what made returns.
func folderOf(dir string) string { return filepath.Join(dir, FolderName) }

// small makes short segments.
func small(c *Config) { c.SegmentSize = 20_000 }

// verify reads a log with the tests' key.
func verify(t testing.TB, dir string, change ...func(*Options)) (Report, error) {
	t.Helper()
	o := Options{Verifier: testSigner(t).Verifier()}
	for _, f := range change {
		f(&o)
	}
	return Verify(ctx, folderOf(dir), o)
}

func against(note []byte) func(*Options) { return func(o *Options) { o.Saved = note } }

func from(o *Options) { o.From = true }

// grown returns a directory with a log of n entries, several to a batch, some signed by themselves.
func grown(t testing.TB, n int, change ...func(*Config)) (string, *Log) {
	t.Helper()
	dir := t.TempDir()
	l := openIn(t, dir, change...)
	grow(t, l, n)
	return dir, l
}

func grow(t testing.TB, l *Log, n int) {
	t.Helper()
	requests := make([]chan error, 0, n)
	for i := range n {
		done := make(chan error, 1)
		requests = append(requests, done)
		e := note(fmt.Sprintf("entry-%d", i))
		if i%50 == 3 {
			e.Event = gate.KeyUse
		}
		go func() { _, err := l.Append(ctx, e); done <- err }()
		if i%7 == 0 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			done <- nil
		}
	}
	for _, done := range requests {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func TestVerifyReports(t *testing.T) {
	dir, l := grown(t, 1000, small, func(c *Config) { c.SignEach, c.Development = []string{"key.*"}, true })
	mustClose(t, l)
	head := l.Head()
	for _, c := range []struct {
		name  string
		with  []func(*Options)
		start uint64
	}{
		{"all", nil, 0},
		{"one worker", []func(*Options){func(o *Options) { o.Workers = 1 }}, 0},
		{"saved", []func(*Options){against(l.Checkpoint())}, 0},
		{"from", []func(*Options){against(l.Checkpoint()), from}, head.Size / 256 * 256},
		{"without a key", []func(*Options){func(o *Options) { o.Verifier = nil }}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var done, total int64
			var mu sync.Mutex
			progress := func(o *Options) {
				o.Progress = func(d, t int64) {
					mu.Lock()
					defer mu.Unlock()
					done, total = max(d, done), t
				}
			}
			r, err := verify(t, dir, append(c.with, progress)...)
			if err != nil || r.Size != head.Size || r.Root != tlog.Hash(head.Root).String() || r.Start != c.start || r.Checked != head.Size-c.start {
				t.Errorf("%v: %+v", err, r)
			}
			if r.First == "" || r.Last < r.First || !r.Development || r.Seals == 0 || r.MissingTiles != 0 || r.Segments != int((head.Size+255-c.start)/256) {
				t.Errorf("%+v", r)
			}
			if keyed := r.Key != ""; keyed != (c.name != "without a key") || keyed != (r.Signatures > 0) || keyed != (r.Published == head.Size) || keyed != (r.Checkpoint != nil) {
				t.Errorf("%+v", r)
			}
			if done != total || total == 0 {
				t.Errorf("progress ended at %d of %d", done, total)
			}
		})
	}
}

// What was pruned is missing for a good reason, which only the host can give.
func TestVerifyOfAPrunedLog(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	dir, l := grown(t, 600, small, func(c *Config) { c.Now = func() time.Time { return now } })
	early := l.Checkpoint()
	for early == nil {
		time.Sleep(50 * time.Millisecond)
		early = l.Checkpoint()
	}
	now = now.Add(time.Hour)
	grow(t, l, 600)
	whole := readFiles(t, folderOf(dir))
	if p, err := l.Prune(ctx, now, nil); err != nil || p.Size != 512 {
		t.Fatalf("pruned %+v, %v", p, err)
	}
	grow(t, l, 10)
	mustClose(t, l)
	w := &world{t: t, log: readFiles(t, folderOf(dir))}
	r, err := verify(t, w.left(t, w.log))
	if err != nil || r.Start != 512 || r.Pruned != 512 || r.Size != l.Head().Size {
		t.Errorf("%v: %+v", err, r)
	}
	before, err := testSigner(t).Verifier().Open(early)
	if err != nil {
		t.Fatal(err)
	}
	head := before
	head.Root[0] ^= 1
	other := []byte(publishedBy(t, testSigner(t), head))
	flipped := []byte(w.log["tile/0/000"])
	flipped[9*32] ^= 1
	backwards := files{}
	for name, data := range w.log {
		backwards[name] = data
	}
	for _, name := range whole.segments()[:2] {
		backwards[name] = whole[name]
	}
	for _, a := range []attack{
		{name: "saved before", files: w.log, with: []func(*Options){against(early)}},
		{name: "from what was saved before", files: w.log, with: []func(*Options){against(early), from}},
		{name: "saved before, of another history", files: w.log, with: []func(*Options){against(other)}, class: ClassForked, index: before.Size - 1},
		{name: "saved after", files: w.log, with: []func(*Options){against(l.Checkpoint()), from}},
		{name: "stopped while it pruned", files: backwards.without(segmentName(0))},
		{name: "what was pruned put back", files: backwards},
		{name: "one more deleted", files: w.log.without(segmentName(512)), class: ClassDeleted, index: 0},
		{name: "a tile of the pruned part edited", files: w.log.with("tile/0/000", string(flipped)), class: ClassMistiled, index: 0},
		{name: "a tile of the pruned part gone", files: w.log.without("tile/0/000"), class: ClassMistiled, index: 0},
		{name: "from, with a tile of the pruned part edited", files: w.log.with("tile/0/000", string(flipped)), with: []func(*Options){against(l.Checkpoint()), from}, class: ClassMistiled, index: 0},
	} {
		t.Run(a.name, func(t *testing.T) {
			if a.class != "" {
				w.refused(t, a.files, a.class, a.index, a.with...)
			} else if _, err := verify(t, w.left(t, a.files), a.with...); err != nil {
				t.Error(err)
			}
		})
	}
}

// What the host says of a pruning is held against what is left.
func TestPruningsAreHeldAgainstWhatIsLeft(t *testing.T) {
	good := pruning{first: 0, size: 256, root: tlog.Hash{1}, hash: strings.Repeat("a", hashLen)}
	otherRoot, otherHash, stopped := good, good, good
	otherRoot.root[5] = 1
	otherHash.hash = strings.Repeat("b", hashLen)
	stopped.size = 512
	dir := (&world{t: t}).left(t, files{segmentName(256): ""}.with("tile/0/000", strings.Repeat("x", 256*32)))
	f, err := openFolder(folderOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		name  string
		says  *pruning
		class Class
	}{{"right", &good, ""}, {"nothing", nil, ClassDeleted}, {"another root", &otherRoot, ClassMistiled}, {"another last entry", &otherHash, ClassDeleted}, {"more, and was stopped", &stopped, ""}} {
		v := &verification{folder: f, start: 256}
		v.join = &join{v: v, before: good.root, prune: c.says, first: &edge{hash: [hashLen]byte([]byte(good.hash))}}
		if p := v.pruned(); p == nil && c.class != "" || p != nil && p.Class != c.class {
			t.Errorf("%s: %v", c.name, p)
		}
	}
}

// An entry's own signature is checked, though the seal covers it too.
func TestVerifyChecksSignaturesOfEntries(t *testing.T) {
	dir, l := grown(t, 10, func(c *Config) { c.SignEach = []string{"*.*", "key.use"} })
	mustClose(t, l)
	f := readFiles(t, folderOf(dir))
	own := testSigner(t)
	forged := remake{origin: own.Origin(), seal: resigned(own), publish: own}.make(t, f, func(_ uint64, e *gate.Entry) {
		if e.Signature != "" {
			e.Reason = "another"
		}
	})
	at := uint64(0)
	for _, b := range f.batches() {
		for i, body := range b.bodies {
			if bytes.Contains(body, []byte(signatureMember)) {
				(&world{t: t}).refused(t, forged, ClassEdited, at+uint64(i))
				return
			}
		}
		at += uint64(len(b.bodies))
	}
	t.Error("no entry was signed")
}

// found checks a problem.
func found(t *testing.T, err error, class Class, index uint64) {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) || p.Class != class || p.Index != index {
		t.Errorf("got %v, want %s at entry %d", err, class, index)
	}
}
