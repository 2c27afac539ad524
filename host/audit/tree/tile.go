package tree

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A Tile is a place in the tree: W hashes of level 8*L, beginning with hash N*256 (c2sp.org/tlog-tiles).
type Tile struct {
	L int
	N uint64
	W int // 1 to Width
}

// Path is the tile's path, such as tile/0/x001/x234/067 or tile/1/000.p/17.
func (t Tile) Path() string { return "tile/" + strconv.Itoa(t.L) + "/" + suffix(t.N, t.W) }

// BundlePath is the path of the bundle with the entries of a tile of level 0.
func BundlePath(n uint64, w int) string { return "tile/entries/" + suffix(n, w) }

func suffix(n uint64, w int) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	if w < Width {
		s += ".p/" + strconv.Itoa(w)
	}
	return s
}

// ParsePath reads the path of a tile or, then with level -1, of an entry bundle. It takes the one spelling that Path and
// BundlePath give.
func ParsePath(path string) (Tile, error) {
	bad := fmt.Errorf("%q is no path of a tile", path)
	parts := strings.Split(path, "/")
	if len(path) > 100 || len(parts) < 3 || parts[0] != "tile" {
		return Tile{}, bad
	}
	t := Tile{L: -1, W: Width}
	var err error
	if parts[1] != "entries" {
		if t.L, err = strconv.Atoi(parts[1]); err != nil || t.L < 0 || t.L > 63 {
			return Tile{}, bad
		}
	}
	rest := parts[2:]
	if n := len(rest); n >= 2 && strings.HasSuffix(rest[n-2], ".p") {
		if t.W, err = strconv.Atoi(rest[n-1]); err != nil || t.W < 1 || t.W >= Width {
			return Tile{}, bad
		}
		rest[n-2] = strings.TrimSuffix(rest[n-2], ".p")
		rest = rest[:n-1]
	}
	for _, p := range rest {
		digits := strings.TrimPrefix(p, "x")
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || len(digits) != 3 || t.N > maxSize {
			return Tile{}, bad
		}
		t.N = t.N*1000 + n
	}
	if t.string() != path {
		return Tile{}, bad
	}
	return t, nil
}

func (t Tile) string() string {
	if t.L < 0 {
		return BundlePath(t.N, t.W)
	}
	return t.Path()
}

// A Reader reads hashes of a tree of the given size out of tiles, for tlog.ProveRecord and tlog.ProveTree.
func Reader(size uint64, read func(Tile) ([]byte, error)) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			l, within := level/Height, level%Height
			first := uint64(n) << within // of the hashes of level 8*l below it
			t := Tile{l, first / Width, Width}
			if there := size >> (Height * l); there < (t.N+1)*Width {
				t.W = int(there - t.N*Width)
			}
			data, err := read(t)
			if err != nil {
				return nil, err
			}
			at := int(first%Width) * tlog.HashSize
			if at > len(data) {
				return nil, fmt.Errorf("%s has %d bytes", t.Path(), len(data))
			}
			if out[i], err = subtree(data[at:], 1<<within); err != nil {
				return nil, fmt.Errorf("%s: %w", t.Path(), err)
			}
		}
		return out, nil
	})
}

// A View is what proofs about the entries of one batch need: the tree before it, and every hash that the batch added.
type View struct {
	Before Peaks
	Hashes []tlog.Hash // what Append gave, from the first entry of the batch on
	Size   uint64      // of the tree after the batch
}

// Peaks are the roots of a tree's perfect subtrees.
type Peaks struct {
	size  uint64
	peaks [64]tlog.Hash
}

// Peaks returns those of the present tree.
func (t *Tree) Peaks() Peaks { return Peaks{t.size, t.peaks} }

// ReadHashes implements tlog.HashReader for what lies on the way from one of the batch's entries to the root.
func (v *View) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	base := tlog.StoredHashCount(int64(v.Before.size))
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if at := index - base; at >= 0 {
			if at >= int64(len(v.Hashes)) {
				return nil, fmt.Errorf("hash %d is not known", index)
			}
			out[i] = v.Hashes[at]
			continue
		}
		level, n := tlog.SplitStoredHashIndex(index)
		if v.Before.size>>level&1 == 0 || uint64(n) != v.Before.size>>level-1 {
			return nil, fmt.Errorf("hash %d is not known", index)
		}
		out[i] = v.Before.peaks[level]
	}
	return out, nil
}

// Prove returns the inclusion proof of entry n, which the batch must hold.
func (v *View) Prove(n uint64) (tlog.RecordProof, error) {
	return tlog.ProveRecord(int64(v.Size), int64(n), v)
}
