package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

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

func TestVerifyTakesAGoodLog(t *testing.T) {
	dir, l := grown(t, 2000, small, func(c *Config) { c.SignEach = []string{"key.*"} })
	note := l.Checkpoint()
	_ = note
	mustClose(t, l)
	for name, change := range map[string][]func(*Options){"all": nil, "saved": {against(l.Checkpoint())}, "from": {against(l.Checkpoint()), from}} {
		report, err := verify(t, dir, change...)
		t.Logf("%s: %+v", name, report)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	names, _ := os.ReadDir(folderOf(dir))
	t.Log(names)
}

// found checks a problem.
func found(t *testing.T, err error, class Class, index uint64) {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) || p.Class != class || p.Index != index {
		t.Errorf("got %v, want %s at entry %d", err, class, index)
	}
}
