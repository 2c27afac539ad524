package tree

import "golang.org/x/mod/sumdb/tlog"

// Above returns the tree over the roots of t's full tiles of level 0, a tile each. So much of a log can be checked by many
// at once and then joined: the root of a log is the root of the tree above it, with what the last tile holds so far as its
// last entry.
func (t *Tree) Above() Tree {
	a := Tree{size: t.size >> Height}
	copy(a.peaks[:], t.peaks[Height:])
	for i, row := range t.rows[1:] {
		if row != nil {
			a.rows[i] = append(make([]byte, 0, fullTile), row...)
		}
	}
	return a
}

// RootWith returns the root that t would have after Append(last).
func (t *Tree) RootWith(last tlog.Hash) tlog.Hash {
	root := last
	for level := 0; t.size>>level != 0; level++ {
		if t.size>>level&1 == 1 {
			root = tlog.NodeHash(t.peaks[level], root)
		}
	}
	return root
}

// Root returns the root over the hashes of a full tile.
func Root(data []byte) tlog.Hash {
	root, err := subtree(data, len(data)/tlog.HashSize)
	if err != nil {
		return tlog.Hash{}
	}
	return root
}
