package audit

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/export"
	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
)

// update brings a site up to date, with everything opened anew.
func updateSite(t testing.TB, dir, to string) (checkpoint.Head, error) {
	t.Helper()
	s, err := OpenSite(to, openFeed(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Update(ctx)
}

// checkSite reads a folder as somebody does who has the specification, the library's tlog and the log's key.
func checkSite(t testing.TB, to string, first uint64) {
	t.Helper()
	note, err := os.ReadFile(filepath.Join(to, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	head, err := testSigner(t).Verifier().Open(note)
	if err != nil {
		t.Fatal(err)
	}
	var hashes []tlog.Hash
	stored := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, hashes[i])
		}
		return out, nil
	})
	next := int64(0)
	for n := uint64(0); n*tree.Width < head.Size; n++ {
		w := int(min(tree.Width, head.Size-n*tree.Width))
		var leaves []tlog.Hash
		if data, err := os.ReadFile(filepath.Join(to, tree.BundlePath(n, w))); err == nil {
			leaves = bundleLeaves(t, data)
		} else if !errors.Is(err, fs.ErrNotExist) || n*tree.Width >= first {
			t.Fatal(err)
		} else {
			data, err := os.ReadFile(filepath.Join(to, tree.Tile{L: 0, N: n, W: w}.Path()))
			if err != nil {
				t.Fatal(err)
			}
			for ; len(data) > 0; data = data[32:] {
				leaves = append(leaves, tlog.Hash(data[:32]))
			}
		}
		if len(leaves) != w {
			t.Fatalf("bundle %d has %d entries, not %d", n, len(leaves), w)
		}
		for _, leaf := range leaves {
			more, err := tlog.StoredHashesForRecordHash(next, leaf, stored)
			if err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, more...)
			next++
		}
	}
	root, err := tlog.TreeHash(int64(head.Size), stored)
	if err != nil || root != head.Root {
		t.Fatalf("the root of what is there is %v, the checkpoint's %x: %v", root, head.Root, err)
	}
	for _, tile := range tlog.NewTiles(tree.Height, 0, int64(head.Size)) {
		want, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		got, err := os.ReadFile(filepath.Join(to, name))
		if err != nil || string(got) != string(want) {
			t.Fatalf("%s is not what it should be: %v", name, err)
		}
	}
}

func bundleLeaves(t testing.TB, data []byte) (out []tlog.Hash) {
	t.Helper()
	for len(data) > 0 {
		n := int(binary.BigEndian.Uint16(data))
		out = append(out, tlog.RecordHash(data[2:2+n]))
		data = data[2+n:]
	}
	return out
}

func TestSite(t *testing.T) {
	dir, to := t.TempDir(), filepath.Join(t.TempDir(), "site")
	total := 0
	for _, n := range []int{1, 254, 1, 1, 700, 3} {
		l := openIn(t, dir, smallSegments)
		for range n {
			mustAppend(t, l, note("x"))
			total++
		}
		mustClose(t, l)
		head, err := updateSite(t, dir, to)
		if err != nil || head.Size < uint64(total) {
			t.Fatalf("%d: %+v, %v", total, head, err)
		}
		checkSite(t, to, 0)
		if again, err := updateSite(t, dir, to); err != nil || again != head {
			t.Errorf("again: %+v, %v", again, err)
		}
	}
	info, err := os.Stat(filepath.Join(to, "tile", "0", "000"))
	if err != nil || info.Mode().Perm()&0o444 != 0o444 {
		t.Errorf("a web server cannot read it: %v, %v", info.Mode(), err)
	}
}

// However often it ends in the middle, the folder is what its checkpoint says, and goes on.
func TestSiteResumes(t *testing.T) {
	dir, to := made(t, 2000, smallSegments), filepath.Join(t.TempDir(), "site")
	for n := 0; ; n++ {
		feed := openFeed(t, dir)
		s, err := OpenSite(to, feed)
		if err != nil {
			t.Fatal(err)
		}
		stop, left := errors.New("stop"), 300*n
		_, head, err := feed.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		u := &update{site: s, head: head, tree: &tree.Tree{}}
		err = feed.Read(ctx, 0, head.Size, func(e *export.Entry) error {
			if left--; left < 0 {
				return stop
			}
			return u.take(e)
		})
		s.Close()
		if !errors.Is(err, stop) {
			break
		}
		if _, err := os.Stat(filepath.Join(to, "checkpoint")); err == nil {
			t.Fatal("half of it has a checkpoint")
		}
	}
	if _, err := updateSite(t, dir, to); err != nil {
		t.Fatal(err)
	}
	checkSite(t, to, 0)
}

func TestSiteOfAPrunedLog(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func(c *Config) { c.Now = func() time.Time { return now } }
	l := openIn(t, dir, smallSegments, clock)
	for range 500 {
		mustAppend(t, l, note("old"))
	}
	mustClose(t, l)
	behind := filepath.Join(t.TempDir(), "behind")
	if _, err := updateSite(t, dir, behind); err != nil {
		t.Fatal(err)
	}
	l = openIn(t, dir, smallSegments, clock)
	for range 500 {
		mustAppend(t, l, note("old"))
	}
	mustClose(t, l)
	now = now.Add(100 * 24 * time.Hour)
	l = openIn(t, dir, smallSegments, clock)
	for range 600 {
		mustAppend(t, l, note("new"))
	}
	p, err := l.Prune(ctx, now.Add(-time.Hour), nil)
	if err != nil || p.Size == 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	mustClose(t, l)
	fresh := filepath.Join(t.TempDir(), "fresh")
	if _, err := updateSite(t, dir, fresh); err != nil {
		t.Fatal(err)
	}
	checkSite(t, fresh, p.Size)
	var gap *export.GapError
	if _, err := updateSite(t, dir, behind); !errors.As(err, &gap) || *gap != (export.GapError{From: 256, To: p.Size}) {
		t.Errorf("pruned up to %d: %v", p.Size, err)
	}
}

func TestSiteRefuses(t *testing.T) {
	dir, to := made(t, 600), filepath.Join(t.TempDir(), "site")
	if _, err := updateSite(t, dir, to); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(to, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"rolled back": 500, "forked": 600, "forked and longer": 900} {
		if _, err := updateSite(t, made(t, n), to); !errors.Is(err, export.ErrNotThisLog) {
			t.Errorf("%s: %v", name, err)
		}
		if now, err := os.ReadFile(filepath.Join(to, "checkpoint")); err != nil || string(now) != string(kept) {
			t.Errorf("%s: the checkpoint changed", name)
		}
	}
	checkSite(t, to, 0)
	if err := os.WriteFile(filepath.Join(to, "checkpoint"), []byte("no checkpoint"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := updateSite(t, dir, to); err == nil {
		t.Error("went on from what is no checkpoint")
	}
}

// A log whose entries are not those of its checkpoint makes no site.
func TestSiteOfATamperedLog(t *testing.T) {
	dir, other, to := made(t, 300), made(t, 300), filepath.Join(t.TempDir(), "site")
	note, err := os.ReadFile(filepath.Join(other, FolderName, CheckpointName))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, FolderName, CheckpointName), note, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := updateSite(t, dir, to); err == nil || !strings.Contains(err.Error(), "not of the entries") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(to, "checkpoint")); err == nil {
		t.Error("it has a checkpoint")
	}
}
