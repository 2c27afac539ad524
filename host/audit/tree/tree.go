// Package tree is the Merkle tree over a log's entries (RFC 6962, section 2.1), in the tiles of c2sp.org/tlog-tiles.
//
// A Tree knows its right edge only, a few kilobytes whatever its size. What it completes on the way it hands over: hashes
// for proofs about the newest entries, and full tiles for the disk, from which everything else can be proven.
package tree

import (
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Width is the number of hashes in a full tile, Height its height in the tree.
const (
	Height = 8
	Width  = 1 << Height
)

const (
	maxSize  = 1 << 56 // beyond the life of any log; keeps all indexes in range
	maxRows  = 7       // levels of tiles that a tree of maxSize has
	fullTile = Width * tlog.HashSize
)

// ErrFull says that the tree takes no more entries.
var ErrFull = errors.New("the tree is full")

// A Tree grows by appending. Its zero value is empty. It is not safe for concurrent use.
type Tree struct {
	size  uint64
	peaks [64]tlog.Hash   // of the perfect subtree of 2^l entries where bit l of size is set
	rows  [maxRows][]byte // the hashes of each level's tile that is not yet full
}

// A Full is a tile that will never change.
type Full struct {
	Tile
	Data []byte // Width hashes
}

// Size returns the number of entries.
func (t *Tree) Size() uint64 { return t.size }

// Append adds an entry by its leaf hash (tlog.RecordHash). It appends to hashes every hash that is now known and was not
// before, in the order of tlog.StoredHashIndex, and to full every tile that is now full.
func (t *Tree) Append(leaf tlog.Hash, hashes []tlog.Hash, full []Full) ([]tlog.Hash, []Full, error) {
	if t.size >= maxSize {
		return hashes, full, ErrFull
	}
	h, level := leaf, 0
	for {
		hashes = append(hashes, h)
		if level%Height == 0 {
			full = t.row(level/Height, h, full)
		}
		if t.size>>level&1 == 0 {
			break
		}
		h = tlog.NodeHash(t.peaks[level], h)
		level++
	}
	t.peaks[level] = h
	t.size++
	return hashes, full, nil
}

// row adds a hash to the tile of a level.
func (t *Tree) row(level int, h tlog.Hash, full []Full) []Full {
	if t.rows[level] == nil {
		t.rows[level] = make([]byte, 0, fullTile)
	}
	t.rows[level] = append(t.rows[level], h[:]...)
	if len(t.rows[level]) < fullTile {
		return full
	}
	data := t.rows[level]
	t.rows[level] = nil
	return append(full, Full{Tile{level, t.size >> (Height * (level + 1)), Width}, data})
}

// Root returns the root hash, that of RFC 6962 for the empty tree too.
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		return emptyRoot
	}
	level := bits.TrailingZeros64(t.size)
	root := t.peaks[level]
	for level++; t.size>>level != 0; level++ {
		if t.size>>level&1 == 1 {
			root = tlog.NodeHash(t.peaks[level], root)
		}
	}
	return root
}

// emptyRoot is the SHA-256 of nothing.
var emptyRoot = func() tlog.Hash {
	h, err := tlog.TreeHash(0, nil)
	if err != nil {
		panic(err) // there is nothing to read
	}
	return h
}()

// Clone returns a copy that shares nothing that changes.
func (t *Tree) Clone() Tree {
	c := *t
	for i, row := range c.rows {
		if row != nil {
			c.rows[i] = append(make([]byte, 0, fullTile), row...)
		}
	}
	return c
}

// Partial returns the first w hashes of the tile at a level's right edge, nil if it has fewer.
func (t *Tree) Partial(level, w int) []byte {
	if level < 0 || level >= maxRows || w <= 0 || len(t.rows[level]) < w*tlog.HashSize {
		return nil
	}
	return append([]byte(nil), t.rows[level][:w*tlog.HashSize]...)
}

// Restore returns the tree of the given size, a multiple of Width, from its full tiles. Whether they are the right ones
// only the root tells.
func Restore(size uint64, read func(Tile) ([]byte, error)) (*Tree, error) {
	if size%Width != 0 || size > maxSize {
		return nil, fmt.Errorf("a tree of size %d cannot be restored from full tiles", size)
	}
	t := &Tree{size: size}
	for level := 1; size>>(Height*level) != 0; level++ {
		n := size >> (Height * level)
		for i := n - n%Width; i < n; i++ {
			data, err := read(Tile{level - 1, i, Width})
			if err != nil {
				return nil, err
			}
			root, err := subtree(data, Width)
			if err != nil {
				return nil, err
			}
			if t.rows[level] == nil {
				t.rows[level] = make([]byte, 0, fullTile)
			}
			t.rows[level] = append(t.rows[level], root[:]...)
		}
		if err := t.restorePeaks(level); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// restorePeaks computes the peaks inside the last tile of a level from its hashes.
func (t *Tree) restorePeaks(level int) error {
	row := t.rows[level]
	for l := Height - 1; l >= 0; l-- {
		if n := 1 << l; t.size>>(Height*level+l)&1 == 1 {
			peak, err := subtree(row, n)
			if err != nil {
				return err
			}
			t.peaks[Height*level+l] = peak
			row = row[n*tlog.HashSize:]
		}
	}
	return nil
}

// subtree is the root over the first n hashes, n being a power of two.
func subtree(data []byte, n int) (tlog.Hash, error) {
	if len(data) < n*tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("a tile has %d bytes, want at least %d", len(data), n*tlog.HashSize)
	}
	if n == 1 {
		return tlog.Hash(data[:tlog.HashSize]), nil
	}
	half := n / 2
	left, err := subtree(data, half)
	if err != nil {
		return tlog.Hash{}, err
	}
	right, err := subtree(data[half*tlog.HashSize:], half)
	return tlog.NodeHash(left, right), err
}
