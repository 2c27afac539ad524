package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/host/audit/tree"
)

// flips calls visit with every bit of data flipped, one after the other, or with one bit of each byte.
func flips(data string, every bool, visit func(bad []byte, at, bit int)) {
	for i := range len(data) {
		for bit := range 8 {
			if every || bit == i%8 {
				bad := []byte(data)
				bad[i] ^= 1 << bit
				visit(bad, i, bit)
			}
		}
	}
}

// No bit of a segment can be flipped unseen.
func TestEveryFlippedBitOfASegmentIsFound(t *testing.T) {
	dir := made(t, 1)
	path := filepath.Join(folderOf(dir), segmentName(0))
	if err := os.Remove(filepath.Join(folderOf(dir), CheckpointName)); err != nil { // the segment itself is to show it
		t.Fatal(err)
	}
	flips(readFiles(t, folderOf(dir))[segmentName(0)], true, func(bad []byte, at, bit int) {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := verify(t, dir); err == nil {
			t.Fatalf("bit %d of byte %d flipped, and nobody noticed", bit, at)
		}
	})
}

// No bit of the published checkpoint either, though signed notes may have lines that nobody knows.
func TestEveryFlippedBitOfACheckpointIsFound(t *testing.T) {
	note := readFiles(t, folderOf(made(t, 3)))[CheckpointName]
	v := testSigner(t).Verifier()
	if _, err := openPublished(v, []byte(note)); err != nil {
		t.Fatal(err)
	}
	body := strings.Index(note, "\n\n")
	flips(note, false, func(bad []byte, at, bit int) {
		if at > body+200 && at%5 != 0 { // inside of long signatures
			return
		}
		if _, err := openPublished(v, bad); err == nil {
			t.Fatalf("bit %d of byte %d flipped, and nobody noticed", bit, at)
		}
	})
}

// Nor of a tile. That one on the disk is looked at is an attack of the table.
func TestEveryFlippedBitOfATileIsFound(t *testing.T) {
	tile := tree.Tile{L: 0, N: 2, W: tree.Width}
	data := readFiles(t, folderOf(made(t, 257)))["tile/0/000"]
	if wrong := compareTile(tile, []byte(data), []byte(data)); wrong != nil {
		t.Fatal(wrong)
	}
	flips(data, true, func(bad []byte, at, bit int) {
		if wrong := compareTile(tile, bad, []byte(data)); wrong == nil || wrong.Index != uint64(512+at/32) {
			t.Fatalf("bit %d of byte %d flipped: %v", bit, at, wrong)
		}
	})
}

// The copy of the public key: what is flipped makes it no key, or another one. Only its id is a word that nothing depends
// on: keys are told apart by the key itself.
func TestEveryFlippedBitOfTheKeysCopyIsFound(t *testing.T) {
	_, public := testKeyFiles()
	dir := made(t, 1, func(c *Config) { c.Public = public })
	f, err := openFolder(folderOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	path := filepath.Join(folderOf(dir), PublicName)
	flips(string(public), false, func(bad []byte, at, bit int) {
		if at > 1000 && at < len(public)-200 && at%16 != 0 { // inside of the key itself
			return
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.foreignKey(testSigner(t).Verifier()); err != nil {
			return
		}
		line := strings.Split(string(public), "\n")[strings.Count(string(public[:at]), "\n")]
		if !strings.Contains(line, `"id"`) {
			t.Errorf("bit %d of byte %d flipped, and nobody noticed: %.80s", bit, at, line)
		}
	})
}
