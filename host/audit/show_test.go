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
	e.Actor, e.Reason, e.Call = nasty, nasty, "call-1"
	e.Detail = json.RawMessage(fmt.Sprintf(`{"x":"%s"}`, "\u202e\u009b\x7f\U000e0041"))
	e.Plugins = []gate.PluginRef{{Alias: nasty, Digest: nasty, Module: nasty, ModuleDigest: nasty}}
	e.Workers = []gate.WorkerRef{{Backend: nasty, Digest: nasty}}
	e.Micros, e.Count, e.Development, e.Fuel, e.Reported = 1500, 2, true, 1<<53-1, true
	r := mustAppend(t, l, e)
	mustAppend(t, l, note("plain"))
	mustClose(t, l)
	return filepath.Join(dir, FileName), r
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
	dir, _ := made(t, 10)
	path := filepath.Join(dir, FileName)
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

func TestTailMarksBadLines(t *testing.T) {
	_, data := made(t, 3)
	lines := split(data)
	path := filepath.Join(left(t, join(lines[0], edit(lines[1]), []byte("\x1b[2J\n"), lines[2])), FileName)
	var out bytes.Buffer
	if err := Tail(ctx, &out, path, TailOptions{Entries: 9}); err != nil {
		t.Fatal(err)
	}
	harmless(t, out.String())
	if strings.Count(out.String(), "BAD LINE") != 2 || strings.Count(out.String(), "\n") != 4 {
		t.Errorf("output:\n%s", out.String())
	}
	out.Reset()
	if err := Show(&out, path, "1", true); err != nil || !json.Valid(out.Bytes()) || !strings.Contains(out.String(), `"bad"`) {
		t.Errorf("show: %s, %v", out.String(), err)
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
	l := openIn(t, dir)
	mustAppend(t, l, note("before"))
	until, cancel := context.WithCancel(ctx)
	defer cancel()
	var out syncBuffer
	ended := make(chan error, 1)
	go func() {
		ended <- Tail(until, &out, filepath.Join(dir, FileName), TailOptions{Entries: 1, Follow: true})
	}()
	waitFor(t, func() bool { return strings.Contains(out.String(), "resource=before") })
	mustAppend(t, l, note("during"))
	waitFor(t, func() bool { return strings.Contains(out.String(), "resource=during") })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 2 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

func TestTailNoticesACut(t *testing.T) {
	dir, data := made(t, 2)
	path := filepath.Join(dir, FileName)
	ended := make(chan error, 1)
	var out syncBuffer
	go func() { ended <- Tail(ctx, &out, path, TailOptions{Entries: 1, Follow: true}) }()
	waitFor(t, func() bool { return out.String() != "" })
	if err := os.Truncate(path, int64(len(data)/2)); err != nil {
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
			!strings.Contains(out.String(), r.Hash) || !strings.Contains(out.String(), "1.5ms") {
			t.Errorf("show %q: %v\n%s", key, err, out.String())
		}
	}
	for _, key := range []string{"2", "99999999999999999999", "", "call-2", nasty} {
		if err := Show(&bytes.Buffer{}, path, key, false); !errors.Is(err, ErrNotFound) {
			t.Errorf("show %q: %v", key, err)
		}
	}
}
