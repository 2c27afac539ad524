package audit

import (
	"testing"

	"bulkhead/host/audit/tree"
)

// wantTiles asks a log for every tile of entries' hashes, full and partial, that a history has, and one hash more.
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
			if _, err := l.Tile(tile.Path()); err == nil {
				t.Errorf("%s is beyond the log", tile.Path())
			}
		}
	}
}
