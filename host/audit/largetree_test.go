package audit

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
)

// built makes a log of n entries in one segment, faster than a host does.
func built(t testing.TB, n, batch int) files {
	t.Helper()
	signer, encoder, last := testSigner(t), newEncoder(), noHash
	var whole tree.Tree
	var full []tree.Full
	var text []byte
	e := note("x")
	e.ID, e.Timestamp = "01890a5d-ac96-774b-bcce-b302099a8057", "2026-01-02T03:04:05.000006Z"
	for i := range n {
		e.PreviousHash = last
		body, err := encoder.encode(&e, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, last = appendLine(text, body)
		if _, full, err = whole.Append(tlog.RecordHash(body), nil, full); err != nil {
			t.Fatal(err)
		}
		if i%batch == batch-1 || i == n-1 {
			head := checkpoint.Head{Origin: signer.Origin(), Size: whole.Size(), Root: whole.Root()}
			text = append(text, resigned(signer)(head, "")...)
		}
	}
	out := tilesOf(full)
	out[segmentName(0)] = string(text)
	return out
}

func tilesOf(full []tree.Full) files {
	out := files{}
	for _, f := range full {
		out[f.Path()] = string(f.Data)
	}
	return out
}

// A log that is large enough for tiles of tiles.
func TestVerifyChecksTilesOfTiles(t *testing.T) {
	log := built(t, 1<<16+10, 1000)
	w := &world{t: t}
	if r, err := verify(t, w.left(t, log)); err != nil || r.MissingTiles != 0 || r.Size != 1<<16+10 {
		t.Fatalf("%v: %+v", err, r)
	}
	bad := []byte(log["tile/1/000"])
	bad[7*tlog.HashSize] ^= 1
	w.refused(t, log.with("tile/1/000", string(bad)), ClassMistiled, 7*256)
	if r, err := verify(t, w.left(t, log.without("tile/1", "tile/0/17"))); err != nil || r.MissingTiles != 11 {
		t.Errorf("missing tiles: %v: %+v", err, r)
	}
}

// The tiles of a pruned part have nothing but each other to be held against, and the root.
func TestTilesOfThePrunedPart(t *testing.T) {
	const start = 1<<16 + 3*256
	var whole tree.Tree
	var full []tree.Full
	for i := range start {
		var err error
		if _, full, err = whole.Append(tlog.RecordHash(fmt.Append(nil, i)), nil, full); err != nil {
			t.Fatal(err)
		}
	}
	good := tilesOf(full).with(segmentName(start), "")
	flip := func(name string, hash int) files {
		bad := []byte(good[name])
		bad[hash*tlog.HashSize] ^= 1
		return good.with(name, string(bad))
	}
	w := &world{t: t}
	for _, c := range []struct {
		name    string
		files   files
		missing uint64
		wrong   string // the tile that is named; "": none
		index   uint64
	}{
		{"untouched", good, 0, "", 0},
		{"a tile of entries", flip("tile/0/077", 5), 0, "tile/0/077", 77 * 256},
		{"a tile of tiles", flip("tile/1/000", 9), 0, "tile/0/009", 9 * 256},
		{"a tile at the edge", flip("tile/0/258", 9), 0, "", 0}, // it is what the root at the edge is computed from
		{"some gone", good.without("tile/0/07"), 10, "", 0},
		{"a short one", good.with("tile/0/003", "x"), 0, "tile/0/003", 3 * 256},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := openFolder(folderOf(w.left(t, c.files)))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			missing, wrong := f.checkPruned(start)
			switch {
			case missing != c.missing:
				t.Errorf("%d missing, want %d", missing, c.missing)
			case c.wrong == "" && wrong != nil:
				t.Errorf("refused: %v", wrong)
			case c.wrong != "" && (wrong == nil || wrong.Class != ClassMistiled || wrong.Index != c.index || !strings.Contains(wrong.Text, c.wrong)):
				t.Errorf("got %v, want %s at %d", wrong, c.wrong, c.index)
			}
		})
	}
}
