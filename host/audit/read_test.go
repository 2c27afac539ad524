package audit

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
)

// wantTiles asks a log for tiles of entries' hashes, full and partial, that a history has, and for one hash more.
func wantTiles(t *testing.T, l *Log, h *history) {
	t.Helper()
	for n := uint64(0); n*tree.Width < h.size(); n++ {
		w := int(min(h.size()-n*tree.Width, tree.Width))
		for _, w := range []int{1, w/2 + 1, w} {
			tile := tree.Tile{N: n, W: w}
			if got, err := l.Tile(tile.Path()); err != nil || string(got) != string(h.tile(n, w)) {
				t.Errorf("%s: wrong tile, %v", tile.Path(), err)
			}
		}
		if tile := (tree.Tile{N: n, W: w + 1}); w < tree.Width {
			if _, err := l.Tile(tile.Path()); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is beyond the log: %v", tile.Path(), err)
			}
		}
	}
}

// bundle is the beginning of a bundle of entries.
func (h *history) bundle(n uint64, w int) string {
	var out []byte
	for _, body := range h.bodies[n*tree.Width-h.first:][:w] {
		out = binary.BigEndian.AppendUint16(out, uint16(len(body)))
		out = append(out, body...)
	}
	return string(out)
}

func TestTileAtTheBoundaries(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	for _, size := range []uint64{1, 2, 255, 256, 257, 511, 512, 513} {
		fill(t, l, size)
		if err := l.writer.tiles.settle(); err != nil {
			t.Fatal(err)
		}
		h := read(t, dir)
		if h.size() != size {
			t.Fatalf("%d entries", h.size())
		}
		wantTiles(t, l, h)
		for n := uint64(0); n*tree.Width < size; n++ {
			w := int(min(size-n*tree.Width, tree.Width))
			for _, w := range []int{1, w} {
				path := tree.BundlePath(n, w)
				if got, err := l.Tile(path); err != nil || string(got) != h.bundle(n, w) {
					t.Errorf("%s: %d bytes, %v", path, len(got), err)
				}
			}
		}
		for path, there := range map[string]bool{
			"tile/0/000": size >= 256, "tile/1/000.p/1": size >= 256, "tile/1/000.p/2": size >= 512, "tile/1/000.p/3": false,
			"tile/0/002.p/1": size >= 513, "tile/entries/000": size >= 256, "tile/entries/001.p/1": size >= 257, "tile/2/000.p/1": false,
		} {
			if _, err := l.Tile(path); (err == nil) != there || err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s at size %d: %v", path, size, err)
			}
		}
	}
	mustClose(t, l)
}

// With more than 256 full tiles there is a full tile of the second level, and one hash of the third.
func TestTilesOfHigherLevels(t *testing.T) {
	dir := t.TempDir()
	long := func(c *Config) { c.SegmentSize = 1 << 40 }
	l := openIn(t, dir, long)
	fillFast(t, l, 65536+300)
	if err := l.writer.tiles.settle(); err != nil {
		t.Fatal(err)
	}
	h, err := readHistory(t, folderOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	reader := func(size uint64) tlog.HashReader {
		return tree.Reader(size, func(tile tree.Tile) ([]byte, error) { return l.Tile(tile.Path()) })
	}
	check := func() {
		t.Helper()
		size := h.size()
		if root, err := tlog.TreeHash(int64(size), reader(size)); err != nil || root != l.Head().Root || root != h.headAt(t, size).Root {
			t.Errorf("root of the tiles: %v, %v", root, err)
		}
		for _, i := range []int64{0, 255, 256, 30000, 65535, 65536, int64(size) - 1} {
			p, err := tlog.ProveRecord(int64(size), i, reader(size))
			if err == nil {
				err = tlog.CheckRecord(p, int64(size), l.Head().Root, i, tlog.RecordHash([]byte(h.bodies[i])))
			}
			if err != nil {
				t.Errorf("entry %d: %v", i, err)
			}
		}
		for path, there := range map[string]bool{
			"tile/1/000": true, "tile/1/001.p/1": true, "tile/1/001.p/2": false, "tile/2/000.p/1": true, "tile/2/000.p/2": false, "tile/2/000": false,
			"tile/0/256": true, "tile/0/257.p/44": size == 65536+300, "tile/3/000.p/1": false, "tile/entries/256": true,
		} {
			if _, err := l.Tile(path); (err == nil) != there {
				t.Errorf("%s: %v", path, err)
			}
		}
		if _, err := l.Tile("tile/2/x001/x099/x511/x627/776.p/1"); !errors.Is(err, fs.ErrNotExist) { // 2^40: its end is no 64-bit number
			t.Errorf("a tile far away: %v", err)
		}
	}
	check()
	mustClose(t, l)
	l = openIn(t, dir, long)
	check()
	mustClose(t, l)
	for _, path := range []string{"tile/0/255", "tile/1/000"} {
		content(t, dir, path)
	}
}

// fillFast is fill for a great many entries.
func fillFast(t *testing.T, l *Log, size int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range maxQueue {
		wg.Go(func() {
			for n := i; n < size; n += maxQueue {
				if _, err := l.Append(ctx, note("f")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if l.Head().Size != uint64(size) {
		t.Fatalf("%d entries", l.Head().Size)
	}
}

func TestHostilePathsAreNoTiles(t *testing.T) {
	dir := rotated(t)
	l := openIn(t, dir, rotating)
	for _, path := range []string{
		"", "/", ".", "..", "tile", "tile/", "tile/0", "tile/0/", "tile/entries", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/+0/000",
		"tile/-1/000", "tile/64/000", "tile/8/000", "tile/7/000", "tile/7/000.p/1", "tile/63/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/00",
		"tile/0/000.p/01", "tile/0/000.p/-1", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/1/", "tile/0/x000/000", "tile/0/x001", "tile/0/../0/000",
		"tile/0/000/..", "../audit/tile/0/000", "/tile/0/000", "tile//0/000", "tile/0/000\x00", "tile/0/000 ", "TILE/0/000", "tile/0/٠٠٠", "tile/0/000.new",
		"tile/entries/x999/x999/x999/x999/x999/x999/999", "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "tile/0/" + strings.Repeat("x000/", 1000) + "000",
		"checkpoint", "reserve", firstSegment, "tile/0/%2e%2e/000", "tile/0/000?x", "tile/0/000.p/1.p/1", "tile/entries/../../" + firstSegment,
	} {
		if data, err := l.Tile(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %d bytes, %v", path, len(data), err)
		}
	}
}

// Bundles of pruned entries are gone, their hashes are not. A bundle that was changed is not served.
func TestBundles(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	fill(t, l, 1000)
	limit := uint64(512)
	if _, err := l.Prune(ctx, time.Now().Add(time.Hour), &limit); err != nil {
		t.Fatal(err)
	}
	h := read(t, dir)
	for _, path := range []string{"tile/entries/000", "tile/entries/001", "tile/entries/001.p/1"} {
		if _, err := l.Tile(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was pruned: %v", path, err)
		}
	}
	wantTiles(t, l, h)
	if got, err := l.Tile("tile/entries/002"); err != nil || string(got) != h.bundle(2, 256) {
		t.Errorf("a bundle that stayed: %v", err)
	}
	data := content(t, dir, segmentName(512))
	lines := split(data)
	overwrite(t, dir, segmentName(512), concat(lines[0], lines[1], edited(lines[2]), concat(lines[3:]...)))
	if _, err := l.Tile("tile/entries/002"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a bundle that was changed: %v", err)
	}
}

// Readers ask for everything that the head says is there, while entries come in.
func TestTileWhileAppending(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	stop := make(chan struct{})
	var writers, readers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for l.Head().Size < 1500 {
				mustAppend(t, l, note("x"))
			}
		})
	}
	type answer struct {
		tile tree.Tile
		data string
	}
	answers := make([][]answer, 2)
	for i := range answers {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for {
				select {
				case <-stop:
					return
				default:
				}
				size := l.Head().Size
				if size == 0 {
					continue
				}
				n := (size - 1) / tree.Width // the newest, or the one before
				n -= min(n, rng.Uint64N(2))
				tile := tree.Tile{N: n, W: 1 + rng.IntN(int(min(size-n*tree.Width, tree.Width)))}
				data, err := l.Tile(tile.Path())
				if err != nil {
					t.Errorf("%s of %d: %v", tile.Path(), size, err)
					return
				}
				if _, err := l.Tile(tree.BundlePath(tile.N, tile.W)); err != nil {
					t.Errorf("bundle of %s of %d: %v", tile.Path(), size, err)
					return
				}
				time.Sleep(100 * time.Microsecond)
				answers[i] = append(answers[i], answer{tile, string(data)})
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	mustClose(t, l)
	h := read(t, dir)
	for _, all := range answers {
		for _, a := range all {
			if a.data != string(h.tile(a.tile.N, a.tile.W)) {
				t.Fatalf("%s was wrong", a.tile.Path())
			}
		}
	}
}
