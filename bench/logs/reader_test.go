package logs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"

	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
)

// A log of ours that can be made longer. Its checkpoint is that of what it holds.
type ourLog struct {
	*audit.Log
	config audit.Config
	hashes map[uint64]string // of its entries, but those of its own
}

func newSigner(t *testing.T) *checkpoint.Signer {
	t.Helper()
	folder := t.TempDir()
	if _, err := keys.Create(folder, "audit", keys.Audit, true); err != nil {
		t.Fatal(err)
	}
	key, err := keys.ReadAudit(filepath.Join(folder, "audit"+keys.PrivateSuffix))
	if err != nil {
		t.Fatal(err)
	}
	s, err := checkpoint.NewSigner(checkpoint.Origin("bench", key.Public()), key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newLog(t *testing.T, s *checkpoint.Signer, segment int64) *ourLog {
	t.Helper()
	l := &ourLog{config: audit.Config{Dir: filepath.Join(t.TempDir(), "audit"), Signer: s, SegmentSize: segment}, hashes: map[uint64]string{}}
	l.open(t)
	t.Cleanup(func() { l.Close() })
	return l
}

func (l *ourLog) open(t *testing.T) {
	t.Helper()
	var err error
	if l.Log, err = audit.Open(l.config); err != nil {
		t.Fatal(err)
	}
}

// grow appends so many entries, many at the same time, and has the checkpoint published.
func (l *ourLog) grow(t *testing.T, entries int) {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	left := make(chan int, entries)
	for i := range entries {
		left <- i
	}
	close(left)
	for range 128 {
		group.Go(func() {
			for i := range left {
				e := gate.Entry{Actor: "system/host", Action: "test", Resource: fmt.Sprint(i), Outcome: gate.Success, Kind: gate.KindHost, Event: gate.HostAdmin}
				r, err := l.Append(t.Context(), e)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				l.hashes[r.Index] = r.Hash
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l.open(t)
}

// path is the log as its readers see it.
func (l *ourLog) path(path string) ([]byte, error) {
	if path == "checkpoint" {
		return l.Checkpoint(), nil
	}
	return l.Tile(path)
}

// export writes the log for whoever serves files, or brings up to date what was written before.
func (l *ourLog) export(t *testing.T) string {
	t.Helper()
	feed, err := audit.OpenFeed(l.config.Dir, l.config.Signer.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	folder := filepath.Join(filepath.Dir(l.config.Dir), "tiles")
	site, err := audit.OpenSite(folder, feed)
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	if _, err := site.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	return folder
}

// agrees has Tessera read a log: its checkpoint, everything it holds, and proofs of some entries.
func (l *ourLog) agrees(t *testing.T, from fsck.Fetcher, before []byte) {
	t.Helper()
	size := l.Head().Size
	r, err := NewReader(t.Context(), from, l.config.Signer.Verifier().Keys().Ed25519, before)
	if err != nil {
		t.Fatalf("%d entries: %v", size, err)
	}
	if r.Size() != size {
		t.Fatalf("%d entries, want %d", r.Size(), size)
	}
	if err := r.Everything(t.Context(), 2); err != nil {
		t.Errorf("%d entries: %v", size, err)
	}
	for range 20 {
		i := rand.Uint64N(size)
		entry, err := r.Entry(t.Context(), i)
		sum := sha256.Sum256(entry)
		if want, ours := l.hashes[i]; err != nil || ours && hex.EncodeToString(sum[:]) != want {
			t.Errorf("entry %d of %d is %.60q: %v", i, size, entry, err)
		}
	}
}

// Tessera's client, which knows nothing of ours, reads a log of ours while it grows past the edges of tiles of both levels.
func TestTesseraReadsOurs(t *testing.T) {
	l := newLog(t, newSigner(t), 1<<40)
	var before []byte
	for _, size := range []uint64{1, 255, 256, 257, 512, 1 << 16, 1<<16 + 257} {
		l.grow(t, int(size-l.Head().Size))
		if l.Head().Size != size {
			t.Fatalf("%d entries, want %d", l.Head().Size, size)
		}
		l.agrees(t, Paths(l.path), before)
		l.agrees(t, client.FileFetcher{Root: l.export(t)}, before)
		before = l.Checkpoint()
	}
}

// Segments are our own affair: Tessera does not see where one ends.
func TestTesseraReadsSegments(t *testing.T) {
	l := newLog(t, newSigner(t), 64<<10)
	var before []byte
	for range 4 {
		l.grow(t, 700)
		l.agrees(t, Paths(l.path), before)
		l.agrees(t, client.FileFetcher{Root: l.export(t)}, before)
		before = l.Checkpoint()
	}
	if segments, err := filepath.Glob(filepath.Join(l.config.Dir, "*.log")); err != nil || len(segments) < 4 {
		t.Errorf("%d segments: %v", len(segments), err)
	}
}

// Whatever is changed on the way, Tessera sees it.
func TestTesseraSeesDamage(t *testing.T) {
	s := newSigner(t)
	vkey := s.Verifier().Keys().Ed25519
	l := newLog(t, s, 1<<40)
	l.grow(t, 300)
	whole := func(from Paths, before []byte) error {
		r, err := NewReader(t.Context(), from, vkey, before)
		if err != nil {
			return err
		}
		return r.Everything(t.Context(), 16)
	}
	if err := whole(l.path, nil); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"} {
		damaged := func(asked string) ([]byte, error) {
			data, err := l.path(asked)
			if asked == path && err == nil {
				data = bytes.Clone(data)
				data[min(len(data)/4, 45)] ^= 1 // of a checkpoint, in its root
			}
			return data, err
		}
		if whole(damaged, nil) == nil {
			t.Errorf("%s was changed, and nobody noticed", path)
		}
		absent := func(asked string) ([]byte, error) {
			if asked == path {
				return nil, fs.ErrNotExist
			}
			return l.path(asked)
		}
		if whole(absent, nil) == nil {
			t.Errorf("%s is gone, and nobody noticed", path)
		}
	}
	other := newLog(t, s, 1<<40)
	other.grow(t, 400)
	if err := whole(other.path, nil); err != nil {
		t.Fatal(err)
	}
	if err := whole(other.path, l.Checkpoint()); err == nil || !strings.Contains(err.Error(), "consistency") {
		t.Errorf("another log of the same key follows this one: %v", err)
	}
	if _, err := NewReader(t.Context(), Paths(l.path), newSigner(t).Verifier().Keys().Ed25519, nil); err == nil {
		t.Error("another key opens the checkpoint")
	}
}

// What ours is compared with must do what is said of it.
func TestAppenders(t *testing.T) {
	key, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	entry := []byte(`{"a":1}`)
	for name, open := range map[string]func(folder string) (Appender, func() error, error){
		"unsigned": func(folder string) (Appender, func() error, error) {
			l, err := NewEach(folder)
			return l.Append, l.Close, err
		},
		"signed": func(folder string) (Appender, func() error, error) {
			l, err := NewEach(folder)
			return l.Signing(key, true), l.Close, err
		},
		"signed at once": func(folder string) (Appender, func() error, error) {
			l, err := NewEach(folder)
			return l.Signing(key, false), l.Close, err
		},
		"grouped": func(folder string) (Appender, func() error, error) {
			l, err := NewGrouped(folder)
			return l.Append, l.Close, err
		},
	} {
		t.Run(name, func(t *testing.T) { holdsAll(t, open, entry, key) })
	}
}

func holdsAll(t *testing.T, open func(string) (Appender, func() error, error), entry []byte, key *keys.Private) {
	folder := t.TempDir()
	add, closing, err := open(folder)
	if err != nil {
		t.Fatal(err)
	}
	const callers, each = 8, 20
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range each {
				if err := add(context.Background(), entry); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := closing(); err != nil {
		t.Fatal(err)
	}
	lines := readLines(t, folder)
	if len(lines) != callers*each {
		t.Errorf("%d lines, want %d", len(lines), callers*each)
	}
	for _, line := range lines {
		if strings.HasPrefix(t.Name(), "TestAppenders/signed") {
			body, sig, err := checkpoint.WithoutSignature([]byte(line))
			if err != nil || !bytes.Equal(body, entry) || key.Public().Verify(body, checkpoint.EntryContext, sig) != nil {
				t.Fatalf("line %.60q: %v", line, err)
			}
		} else if line != string(entry) {
			t.Fatalf("line %q", line)
		}
	}
}

func readLines(t *testing.T, folder string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}
