package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

const nasty = "a\x1b[2J\u009b31m\u202egnp\u200b\u2066\U000e0041\u3164\ufe0f\x7f\nFAKE success \"q\" back\\slash"

func nastyLog(t *testing.T) (string, gate.Receipt) {
	t.Helper()
	dir := t.TempDir()
	l := openIn(t, dir)
	e := note(nasty)
	e.Event, e.Grants, e.Parent, e.Verdict = gate.CallResult, []string{nasty}, nasty, &gate.Verdict{Outcome: nasty, Reason: nasty}
	e.Actor, e.Reason, e.Call = nasty, nasty, "call-1"
	e.Detail = json.RawMessage(fmt.Sprintf(`{"x":"%s"}`, "\u202e\u009b\x7f\U000e0041"))
	e.Plugins = []gate.PluginRef{{Alias: nasty, Digest: nasty, Module: nasty, ModuleDigest: nasty, Backend: nasty}}
	e.Workers = []gate.WorkerRef{{Backend: nasty, Digest: nasty}}
	e.Micros, e.Count, e.Development, e.Fuel, e.Reported = 1500, 2, true, 1<<53-1, true
	r := mustAppend(t, l, e)
	mustAppend(t, l, note("plain"))
	mustClose(t, l)
	return folderOf(dir), r
}

// harmless refuses anything but graphic characters and ends of lines.
func harmless(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && (!unicode.IsGraphic(r) || r == '\u3164' || r == '\ufe0f' || r == unicode.ReplacementChar) {
			t.Errorf("%q in output", r)
		}
	}
}

func TestTailAndShowEscapeHostileWords(t *testing.T) {
	path, r := nastyLog(t)
	for _, asJSON := range []bool{false, true} {
		var tail, show bytes.Buffer
		if err := Tail(ctx, &tail, path, TailOptions{Entries: 9, JSON: asJSON}); err != nil {
			t.Fatal(err)
		}
		if err := Show(&show, path, r.Entry, asJSON); err != nil {
			t.Fatal(err)
		}
		harmless(t, tail.String())
		harmless(t, show.String())
		if n := strings.Count(tail.String(), "\n"); n != 2 {
			t.Errorf("%d lines for two entries:\n%s", n, tail.String())
		}
		if asJSON {
			sameEntry(t, show.Bytes(), r)
		}
	}
}

func sameEntry(t *testing.T, line []byte, r gate.Receipt) {
	t.Helper()
	var got struct {
		Index uint64     `json:"index"`
		Hash  string     `json:"hash"`
		Entry gate.Entry `json:"entry"`
	}
	if err := strictjson.Decode(line, &got); err != nil {
		t.Fatal(err)
	}
	if got.Index != 0 || got.Hash != r.Hash || got.Entry.Reason != nasty || got.Entry.ID != r.Entry {
		t.Errorf("decoded %+v", got)
	}
}

func TestTailPrintsTheLastEntries(t *testing.T) {
	path := folderOf(made(t, 10))
	for _, n := range []int{-1, 0, 1, 3, 9, 10, 11} {
		var out bytes.Buffer
		if err := Tail(ctx, &out, path, TailOptions{Entries: n}); err != nil {
			t.Fatal(err)
		}
		want := min(max(n, 0), 10)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if out.Len() == 0 {
			lines = nil
		}
		if len(lines) != want || want > 0 && (!strings.Contains(lines[0], fmt.Sprintf("resource=entry-%d", 10-want)) ||
			!strings.HasPrefix(strings.TrimSpace(lines[want-1]), "9 ")) {
			t.Errorf("tail of %d:\n%s", n, out.String())
		}
	}
}

// Tail goes back over as many segments as it takes.
func TestTailGoesOverSegments(t *testing.T) {
	path := folderOf(made(t, 600, small))
	for _, n := range []int{1, 80, 100, 400, 1000} {
		var out bytes.Buffer
		if err := Tail(ctx, &out, path, TailOptions{Entries: n}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if want := min(n, 602); len(lines) != want || !strings.HasPrefix(strings.TrimSpace(lines[0]), fmt.Sprint(602-want)+" ") {
			t.Errorf("tail of %d: %d lines, first %s", n, len(lines), lines[0])
		}
	}
}

func TestTailMarksBadLines(t *testing.T) {
	f := readFiles(t, folderOf(made(t, 3)))
	f = f.lines(segmentName(0), func(l []string) []string {
		return []string{l[0], l[1], strings.Replace(l[2], "entry-1", "entry-x", 1), l[3], "\x1b[2J\n", l[4], l[5]}
	})
	dir := (&world{t: t}).left(t, f)
	var out bytes.Buffer
	if err := Tail(ctx, &out, folderOf(dir), TailOptions{Entries: 9}); err != nil {
		t.Fatal(err)
	}
	harmless(t, out.String())
	if strings.Count(out.String(), "BAD LINE") != 2 || strings.Count(out.String(), "\n") != 4 {
		t.Errorf("output:\n%s", out.String())
	}
	out.Reset()
	if err := Show(&out, folderOf(dir), "1", true); err != nil || !json.Valid(out.Bytes()) || !strings.Contains(out.String(), `"bad"`) {
		t.Errorf("show: %s, %v", out.String(), err)
	}
}

// What has no seal was never acknowledged: it may be half a batch.
func TestTailShowsWhatIsSealed(t *testing.T) {
	f := readFiles(t, folderOf(made(t, 3)))
	f = f.lines(segmentName(0), func(l []string) []string { return []string{l[0], l[1], l[2], l[4]} })
	var out bytes.Buffer
	if err := Tail(ctx, &out, folderOf((&world{t: t}).left(t, f)), TailOptions{Entries: 9}); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("output:\n%s", out.String())
	}
}

// syncBuffer may be written and read at once.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestTailFollows(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, small)
	mustAppend(t, l, note("before"))
	until, cancel := context.WithCancel(ctx)
	defer cancel()
	var out syncBuffer
	ended := make(chan error, 1)
	go func() {
		ended <- Tail(until, &out, folderOf(dir), TailOptions{Entries: 1, Follow: true})
	}()
	waitFor(t, func() bool { return strings.Contains(out.String(), "resource=before") })
	mustAppend(t, l, note("during"))
	waitFor(t, func() bool { return strings.Contains(out.String(), "resource=during") })
	grow(t, l, 600) // into other segments
	mustAppend(t, l, note("after"))
	waitFor(t, func() bool { return strings.Contains(out.String(), "resource=after") })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i, line := range lines {
		if !strings.HasPrefix(strings.TrimSpace(line), fmt.Sprint(i)+" ") {
			t.Fatalf("line %d: %s", i, line)
		}
	}
	if uint64(len(lines)) != l.Head().Size {
		t.Errorf("%d lines for %d entries", len(lines), l.Head().Size)
	}
}

func TestTailNoticesACut(t *testing.T) {
	dir := made(t, 2)
	path := filepath.Join(folderOf(dir), segmentName(0))
	ended := make(chan error, 1)
	var out syncBuffer
	go func() { ended <- Tail(ctx, &out, folderOf(dir), TailOptions{Entries: 1, Follow: true}) }()
	waitFor(t, func() bool { return out.String() != "" })
	if err := os.Truncate(path, 600); err != nil {
		t.Fatal(err)
	}
	var p *Problem
	if err := <-ended; !errors.As(err, &p) || p.Class != ClassTruncated || p.Index != 2 {
		t.Errorf("tail: %v", err)
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nothing happened for ten seconds")
}

func TestShowFindsByIndexIDAndCall(t *testing.T) {
	path, r := nastyLog(t)
	for _, key := range []string{"0", r.Entry, "call-1"} {
		var out bytes.Buffer
		if err := Show(&out, path, key, false); err != nil || !strings.HasPrefix(out.String(), "entry 0\n") ||
			!strings.Contains(out.String(), r.Hash) || !strings.Contains(out.String(), "1.5ms") ||
			!strings.Contains(out.String(), "call.result") {
			t.Errorf("show %q: %v\n%s", key, err, out.String())
		}
	}
	for _, key := range []string{"2", "99999999999999999999", "", "call-2", nasty} {
		if err := Show(&bytes.Buffer{}, path, key, false); !errors.Is(err, ErrNotFound) {
			t.Errorf("show %q: %v", key, err)
		}
	}
}

func TestShowOverSegments(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	l := openIn(t, dir, small, func(c *Config) { c.Now = func() time.Time { return now } })
	grow(t, l, 300)
	now = now.Add(time.Hour)
	grow(t, l, 300)
	if _, err := l.Prune(ctx, now, nil); err != nil {
		t.Fatal(err)
	}
	for index, want := range map[string]bool{"0": false, "255": false, "256": true, "511": true, "512": true, "602": true, "700": false} {
		var out bytes.Buffer
		err := Show(&out, folderOf(dir), index, false)
		if want && (err != nil || !strings.HasPrefix(out.String(), "entry "+index+"\n")) || !want && !errors.Is(err, ErrNotFound) {
			t.Errorf("show %s: %v\n%s", index, err, out.String())
		}
	}
}
