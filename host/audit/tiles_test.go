package audit

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"bulkhead/host/audit/tree"
)

// Tiles that a start needs and does not find as they were are made again from the segments.
func TestTilesAreRebuilt(t *testing.T) {
	whole := t.TempDir()
	l := openIn(t, whole, rotating)
	fill(t, l, 800)
	mustClose(t, l)
	good := content(t, whole, "tile/0/001")
	for name, damage := range map[string]func(t *testing.T, dir string){
		"one is missing":  func(t *testing.T, dir string) { unblock(t, fileOf(dir, "tile/0/001")) },
		"all are missing": func(t *testing.T, dir string) { unblock(t, fileOf(dir, "tile")) },
		"one is short":    func(t *testing.T, dir string) { overwrite(t, dir, "tile/0/001", good[:8191]) },
		"one is long":     func(t *testing.T, dir string) { overwrite(t, dir, "tile/0/001", append(good, 0)) },
		"one is empty":    func(t *testing.T, dir string) { overwrite(t, dir, "tile/0/001", nil) },
		"one is another":  func(t *testing.T, dir string) { overwrite(t, dir, "tile/0/001", content(t, dir, "tile/0/000")) },
		"a bit is wrong":  func(t *testing.T, dir string) { b := bytes.Clone(good); b[77] ^= 4; overwrite(t, dir, "tile/0/001", b) },
		"one was half written": func(t *testing.T, dir string) {
			overwrite(t, dir, "tile/0/001.new", good[:99])
			unblock(t, fileOf(dir, "tile/0/001"))
		},
		"the last was too late": func(t *testing.T, dir string) { unblock(t, fileOf(dir, "tile/0/002")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := copied(t, whole)
			damage(t, dir)
			l := openIn(t, dir, rotating)
			mustAppend(t, l, note("x"))
			wantTiles(t, l, read(t, dir))
			mustClose(t, l)
			if !bytes.Equal(content(t, dir, "tile/0/001"), good) {
				t.Error("the tile is another")
			}
		})
	}
}

// What was pruned can be had from the tiles alone.
func TestLostTilesOfAPrunedPartAreRefused(t *testing.T) {
	whole := t.TempDir()
	l := openIn(t, whole, rotating)
	fill(t, l, 1100)
	limit := uint64(512)
	if p, err := l.Prune(ctx, time.Now().Add(time.Hour), &limit); err != nil || p.Size != 512 {
		t.Fatalf("%+v, %v", p, err)
	}
	mustClose(t, l)
	for _, c := range []struct {
		name, tile string
		data       []byte
		good       bool // it can be made again
	}{
		{"pruned, missing", "tile/0/001", nil, false},
		{"pruned, short", "tile/0/001", make([]byte, 100), false},
		{"pruned, wrong", "tile/0/001", make([]byte, tree.Width*32), false},
		{"kept, missing", "tile/0/002", nil, true},
		{"kept, wrong", "tile/0/003", make([]byte, tree.Width*32), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copied(t, whole)
			unblock(t, fileOf(dir, c.tile))
			if c.data != nil {
				overwrite(t, dir, c.tile, c.data)
			}
			if !c.good {
				refused(t, dir, rotating)
				return
			}
			mustClose(t, openIn(t, dir, rotating))
			read(t, dir)
		})
	}
}

// A segment that was changed cannot give the tree, and the tiles that are left may tell what it was: they stay.
func TestRebuildingFromADamagedSegmentIsRefused(t *testing.T) {
	whole := t.TempDir()
	l := openIn(t, whole, rotating)
	fill(t, l, 600)
	mustClose(t, l)
	data := content(t, whole, firstSegment)
	lines := split(data)
	for name, bad := range map[string][]byte{
		"edited and rehashed": concat(rehashed(edited(lines[0])), concat(lines[1:]...)),
		"edited":              concat(edited(lines[0]), concat(lines[1:]...)),
		"cut":                 data[:len(data)/2],
		"emptied":             nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := copied(t, whole)
			overwrite(t, dir, firstSegment, bad)
			unblock(t, fileOf(dir, "tile/0/001"))
			var p *Problem
			if err := refused(t, dir, rotating); !errors.As(err, &p) {
				t.Errorf("got %v, want a problem", err)
			}
		})
	}
}

// A log whose tiles cannot be written fails before its next batch: it would grow beyond what a start can make up for.
func TestFailingTilesFailTheLog(t *testing.T) {
	for name, way := range map[string]string{"a file in the folder's place": "tile", "a folder in the tile's place": "tile/0/000"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := openIn(t, dir)
			if name == "a folder in the tile's place" {
				block(t, fileOf(dir, way))
			} else {
				overwrite(t, dir, way, nil)
			}
			fill(t, l, 256)
			eventually(t, func() bool { return l.writer.tiles.err() != nil })
			if _, err := l.Append(ctx, note("x")); !errors.Is(err, ErrFailed) {
				t.Errorf("append: %v", err)
			}
			<-l.Failed()
			for _, path := range []string{"tile/0/000", "tile/0/000.p/200"} { // from memory
				if data, err := l.Tile(path); err != nil || len(data) < 200*32 {
					t.Errorf("%s: %d bytes, %v", path, len(data), err)
				}
			}
			if err := l.Close(); err == nil {
				t.Error("closed without a word")
			}
			unblock(t, fileOf(dir, way))
			l = openIn(t, dir)
			mustAppend(t, l, note("again"))
			mustClose(t, l)
			if h := read(t, dir); h.size() != 257 {
				t.Errorf("%d entries", h.size())
			}
		})
	}
}

func TestTilesArePrivateFiles(t *testing.T) {
	dir := rotated(t)
	for name, mode := range map[string]os.FileMode{"tile": os.ModeDir | 0o700, "tile/0": os.ModeDir | 0o700, "tile/0/000": 0o600} {
		if info, err := os.Stat(fileOf(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}
