package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"bulkhead/host/audit/export"
)

func openFeed(t testing.TB, dir string) *Feed {
	t.Helper()
	f, err := OpenFeed(filepath.Join(dir, FolderName), testSigner(t).Verifier())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// smallSegments makes a log rotate every 256 entries.
func smallSegments(c *Config) { c.SegmentSize = 1 }

// collect reads the entries from one index up to another.
func collect(f *Feed, from, to uint64) ([]export.Entry, error) {
	var out []export.Entry
	err := f.Read(context.Background(), from, to, func(e *export.Entry) error {
		out = append(out, *e)
		return nil
	})
	return out, err
}

func TestFeed(t *testing.T) {
	dir := made(t, 900, smallSegments)
	f := openFeed(t, dir)
	first, size, err := f.Bounds()
	if err != nil || first != 0 || size < 900 {
		t.Fatalf("%d, %d, %v", first, size, err)
	}
	all, err := collect(f, 0, size)
	if err != nil || len(all) != int(size) {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	for i, e := range all {
		if e.Index != uint64(i) || hashOf(e.Body) != e.Hash || i > 0 && e.PreviousHash != all[i-1].Hash {
			t.Fatalf("entry %d: %+v", i, e)
		}
	}
	for _, r := range [][2]uint64{{0, 1}, {1, 5}, {5, 300}, {299, 301}, {255, 257}, {256, 256}, {700, size}, {3, 4}, {size - 1, size}} {
		got, err := collect(f, r[0], r[1])
		if err != nil || len(got) != int(r[1]-r[0]) || len(got) > 0 && (got[0].Index != r[0] || !bytes.Equal(got[0].Body, all[r[0]].Body)) {
			t.Errorf("%v: %d entries, %v", r, len(got), err)
		}
	}
	if _, err := collect(f, size-1, size+1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("behind the end: %v", err)
	}
	if got, err := collect(f, 2, 4); err != nil || len(got) != 2 {
		t.Errorf("after an error: %v", err)
	}
}

// A running log is read behind the writer, through rotations, without a half-written batch.
func TestFeedFollowsTheWriter(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, smallSegments)
	mustAppend(t, l, note("first"))
	f := openFeed(t, dir)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 1200 {
			if _, err := l.Append(ctx, note(fmt.Sprint(i))); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	var at uint64
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		_, size, err := f.Bounds()
		if err != nil || size < at {
			t.Fatalf("at %d: %d, %v", at, size, err)
		}
		got, err := collect(f, at, size)
		if err != nil || len(got) != int(size-at) {
			t.Fatalf("%d to %d: %d, %v", at, size, len(got), err)
		}
		at = size
	}
	if at != l.Head().Size {
		t.Errorf("read %d of %d", at, l.Head().Size)
	}
}

// Nothing is handed out that the log's key did not seal.
func TestFeedBelievesSealsAlone(t *testing.T) {
	dir := made(t, 300)
	path := filepath.Join(dir, FolderName, segmentName(0))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := uint64(0)
	if _, size, err = openFeed(t, dir).Bounds(); err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(good, []byte("\n"))
	var entries [][]byte
	for _, l := range lines {
		if !isSeal(l) {
			entries = append(entries, l)
		}
	}
	edited := bytes.Replace(bytes.Clone(lines[2]), []byte("entry-1"), []byte("entry-X"), 1)
	body := edited[hashLen+1 : len(edited)-1]
	rehashed := append([]byte(hashOf(body)+" "), append(bytes.Clone(body), '\n')...)
	for name, bad := range map[string][]byte{
		"edited":                   bytes.Replace(good, lines[2], edited, 1),
		"edited and rehashed":      bytes.Replace(good, lines[2], rehashed, 1),
		"deleted":                  bytes.Replace(good, lines[2], nil, 1),
		"without seals":            bytes.Join(entries, nil),
		"a seal without signature": bytes.Replace(good, lines[3], unsigned(t, lines[3]), 1),
		"seal of another size":     bytes.Replace(good, lines[3], lines[5], 1),
		"no log":                   bytes.Repeat([]byte("x"), len(good)),
	} {
		if bytes.Equal(bad, good) {
			t.Fatalf("%s changed nothing", name)
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := collect(openFeed(t, dir), 1, size); err == nil {
			t.Errorf("%s: read %d entries", name, len(got))
		} else if len(got) > 1 {
			t.Errorf("%s: handed out %d entries first", name, len(got))
		}
	}
	if err := os.WriteFile(path, append(bytes.Clone(good), lines[2]...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, now, err := openFeed(t, dir).Bounds(); err != nil || now != size {
		t.Errorf("an entry without seal counts: %d, %v", now, err)
	}
	forged := append(bytes.Clone(good), appendSeal(nil, seal{size: size + 5})...)
	if err := os.WriteFile(path, append(forged, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, now, err := openFeed(t, dir).Bounds(); err != nil || now != size {
		t.Errorf("a forged seal counts: %d, %v", now, err)
	}
}

// unsigned is a seal's line with another signature.
func unsigned(t *testing.T, text []byte) []byte {
	t.Helper()
	s, err := parseSeal(bytes.TrimSuffix(text, []byte("\n")))
	if err != nil {
		t.Fatal(err)
	}
	s.sig[0] ^= 1
	return append(appendSeal(nil, s), '\n')
}

func TestFeedOfSignedEntries(t *testing.T) {
	dir := made(t, 3, func(c *Config) { c.SignEach = []string{"host.*"} })
	got, err := collect(openFeed(t, dir), 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range got {
		if e.Signature == "" || e.Resource == "" {
			t.Errorf("%.200s", e.Body)
		}
	}
}
