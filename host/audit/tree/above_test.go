package tree

import "testing"

// The tree above, with the root of what its last tile holds so far, has the root of the whole.
func TestAboveHasTheRootOfTheWhole(t *testing.T) {
	var whole, above, part Tree
	for i := range 3*65536/64 + 300 {
		if _, _, err := whole.Append(leaf(i), nil, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := part.Append(leaf(i), nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := above.RootWith(part.Root()); got != whole.Root() {
			t.Fatalf("size %d: root %v, want %v", i+1, got, whole.Root())
		}
		if part.Size() == Width {
			if _, _, err := above.Append(part.Root(), nil, nil); err != nil {
				t.Fatal(err)
			}
			part = Tree{}
			if above.Root() != whole.Root() {
				t.Fatalf("size %d: roots differ", i+1)
			}
		}
	}
}

func TestAboveOfARestoredTree(t *testing.T) {
	for _, size := range []int{0, 256, 65536, 65536 + 512} {
		whole, tiles, _ := grow(t, size)
		restored, err := Restore(uint64(size), func(tile Tile) ([]byte, error) { return tiles[tile], nil })
		if err != nil {
			t.Fatal(err)
		}
		a := restored.Above()
		if a.Size() != uint64(size)/Width || a.Root() != whole.Root() {
			t.Errorf("size %d: %d, root %v, want %v", size, a.Size(), a.Root(), whole.Root())
		}
		var part Tree
		for i := size; i < size+Width; i++ {
			_, _, _ = whole.Append(leaf(i), nil, nil)
			_, _, _ = part.Append(leaf(i), nil, nil)
		}
		_, _, _ = a.Append(part.Root(), nil, nil)
		if a.Root() != whole.Root() {
			t.Errorf("size %d: the roots differ a tile later", size)
		}
	}
}
