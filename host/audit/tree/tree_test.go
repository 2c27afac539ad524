package tree

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// grow appends n entries and returns what the tree handed over, beside x/mod's own stored hashes as the oracle.
func grow(t testing.TB, n int) (*Tree, map[Tile][]byte, []tlog.Hash) {
	t.Helper()
	tree, tiles := &Tree{}, map[Tile][]byte{}
	var hashes []tlog.Hash
	var full []Full
	var err error
	for i := range n {
		if hashes, full, err = tree.Append(leaf(i), hashes, full); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range full {
		tiles[f.Tile] = f.Data
	}
	return tree, tiles, hashes
}

func leaf(i int) tlog.Hash { return tlog.RecordHash(fmt.Appendf(nil, "entry %d", i)) }

func stored(hashes []tlog.Hash) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, hashes[i])
		}
		return out, nil
	})
}

func TestTreeIsThatOfTheLibrary(t *testing.T) {
	var want []tlog.Hash
	tree := &Tree{}
	var got []tlog.Hash
	for i := range 1500 {
		more, err := tlog.StoredHashesForRecordHash(int64(i), leaf(i), stored(want))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, more...)
		if got, _, err = tree.Append(leaf(i), got, nil); err != nil {
			t.Fatal(err)
		}
		root, err := tlog.TreeHash(int64(i+1), stored(want))
		if err != nil {
			t.Fatal(err)
		}
		if tree.Root() != root {
			t.Fatalf("root of size %d is %v, want %v", i+1, tree.Root(), root)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d hashes, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("hash %d differs", i)
		}
	}
}

func TestEmptyRoot(t *testing.T) {
	if got := fmt.Sprintf("%x", [32]byte((&Tree{}).Root())); got != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("root of the empty tree is %s", got) // RFC 6962, section 2.1: SHA-256 of the empty string
	}
}

func TestRestoredTreeGoesOn(t *testing.T) {
	for _, size := range []int{0, 256, 512, 768, 255 * 256, 65536, 65536 + 256, 3*65536 + 5*256} {
		tree, tiles, _ := grow(t, size)
		again, err := Restore(uint64(size), func(tile Tile) ([]byte, error) { return tiles[tile], nil })
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		for i := size; i < size+300; i++ {
			if tree.Root() != again.Root() {
				t.Fatalf("size %d: the roots differ at %d", size, i)
			}
			var one, two []Full
			_, one, _ = tree.Append(leaf(i), nil, nil)
			_, two, _ = again.Append(leaf(i), nil, nil)
			if fmt.Sprint(one) != fmt.Sprint(two) {
				t.Fatalf("size %d: the tiles differ at %d", size, i)
			}
		}
	}
	if _, err := Restore(100, nil); err == nil {
		t.Error("a size between tiles was restored")
	}
}

func TestRestoreNeedsItsTiles(t *testing.T) {
	gone := errors.New("gone")
	if _, err := Restore(512, func(Tile) ([]byte, error) { return nil, gone }); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
	if _, err := Restore(512, func(Tile) ([]byte, error) { return make([]byte, 100), nil }); err == nil {
		t.Error("a short tile was taken")
	}
}

// Every proof that a batch gives is one that the library accepts, whatever the batch's place and length.
func TestBatchProvesItsEntries(t *testing.T) {
	for _, before := range []int{0, 1, 5, 255, 256, 257, 511, 1000} {
		for _, batch := range []int{1, 2, 3, 255, 256, 257, 600} {
			tree, _, _ := grow(t, before)
			v := View{Before: tree.Peaks()}
			for i := before; i < before+batch; i++ {
				v.Hashes, _, _ = tree.Append(leaf(i), v.Hashes, nil)
			}
			v.Size = tree.Size()
			for i := before; i < before+batch; i++ {
				p, err := v.Prove(uint64(i))
				if err != nil {
					t.Fatalf("%d+%d, entry %d: %v", before, batch, i, err)
				}
				if err := tlog.CheckRecord(p, int64(v.Size), tree.Root(), int64(i), leaf(i)); err != nil {
					t.Fatalf("%d+%d, entry %d: %v", before, batch, i, err)
				}
			}
			if before > 0 {
				if _, err := v.Prove(0); err == nil && before > 1 {
					t.Errorf("%d+%d: an entry of before was proven", before, batch)
				}
			}
		}
	}
}

// Reader proves any entry of any size out of full tiles and the right edge.
func TestTilesProveEverything(t *testing.T) {
	const size = 66_000
	tree, tiles, hashes := grow(t, size)
	read := func(tile Tile) ([]byte, error) {
		if data := tiles[Tile{tile.L, tile.N, Width}]; data != nil {
			return data[:tile.W*tlog.HashSize], nil
		}
		if data := tree.Partial(tile.L, tile.W); data != nil {
			return data, nil
		}
		return nil, fmt.Errorf("%s is not there", tile.Path())
	}
	for _, n := range []int64{0, 1, 255, 256, 65_535, 65_536, size - 1} {
		for _, of := range []int64{n + 1, size} {
			p, err := tlog.ProveRecord(of, n, Reader(size, read))
			if err != nil {
				t.Fatalf("entry %d of %d: %v", n, of, err)
			}
			root, err := tlog.TreeHash(of, stored(hashes))
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(p, of, root, n, leaf(int(n))); err != nil {
				t.Errorf("entry %d of %d: %v", n, of, err)
			}
		}
	}
}

func TestPaths(t *testing.T) {
	for path, want := range map[string]Tile{
		"tile/0/000":                  {0, 0, 256},
		"tile/0/x001/x234/067":        {0, 1234067, 256}, // of the specification
		"tile/63/999.p/1":             {63, 999, 1},
		"tile/entries/x001/000.p/255": {-1, 1000, 255},
	} {
		got, err := ParsePath(path)
		if err != nil || got != want {
			t.Errorf("%s is %v, %v", path, got, err)
		}
	}
	for _, path := range []string{
		"", "tile", "tile/0", "tile/0/", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/-1/000", "tile/64/000", "tile/0/000.p/0",
		"tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/0/x000/000", "tile/0/001/000", "tile/0/x001/x000", "tile/0/+01",
		"tile/0/000/", "/tile/0/000", "tile/0/../0/000", "tile/entries/../../checkpoint", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
	} {
		if got, err := ParsePath(path); err == nil {
			t.Errorf("%q was taken, as %v", path, got)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	tree := &Tree{}
	h := leaf(1)
	hashes := make([]tlog.Hash, 0, 1024)
	for b.Loop() {
		hashes, _, _ = tree.Append(h, hashes[:0], nil)
	}
}

func BenchmarkProve(b *testing.B) {
	tree, _, _ := grow(b, 100_000)
	v := View{Before: tree.Peaks()}
	for i := range 16 {
		v.Hashes, _, _ = tree.Append(leaf(i), v.Hashes, nil)
	}
	v.Size = tree.Size()
	for b.Loop() {
		if _, err := v.Prove(100_003); err != nil {
			b.Fatal(err)
		}
	}
}
