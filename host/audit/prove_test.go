package audit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bulkhead/host/checkpoint"
)

// Every entry can be proven, whatever its place, from tiles or without.
func TestProveProvesEveryEntry(t *testing.T) {
	dir, l := grown(t, 700, small)
	mustClose(t, l)
	v := testSigner(t).Verifier()
	for _, tiles := range []bool{true, false} {
		for index := uint64(0); index < l.Head().Size; index += 23 {
			entry, proof, err := Prove(folderOf(dir), index, v)
			if err != nil {
				t.Fatal(err)
			}
			again, err := checkpoint.ParseProof(proof.Marshal())
			if err != nil {
				t.Fatal(err)
			}
			if h, err := v.Check(again, entry); err != nil || h != l.Head() || again.Index != index {
				t.Errorf("entry %d: %v", index, err)
			}
		}
		if err := os.RemoveAll(filepath.Join(folderOf(dir), "tile")); err != nil || !tiles {
			return
		}
	}
}

func TestProveRefuses(t *testing.T) {
	dir, l := grown(t, 300, small)
	mustClose(t, l)
	v := testSigner(t).Verifier()
	if _, _, err := Prove(folderOf(dir), l.Head().Size, v); !errors.Is(err, ErrNotPublished) {
		t.Errorf("an entry behind the end: %v", err)
	}
	f := readFiles(t, folderOf(dir))
	w := &world{t: t}
	edited := f.lines(segmentName(0), func(l []string) []string {
		body := []byte(l[0][hashLen+1 : len(l[0])-1])
		body[len(body)-3] ^= 1
		line, _ := appendLine(nil, body)
		return append([]string{string(line)}, l[1:]...)
	})
	_, _, err := Prove(folderOf(w.left(t, edited)), 0, v)
	found(t, err, ClassForged, 0)
	_, _, err = Prove(folderOf(w.left(t, f.with(CheckpointName, "x"))), 0, v)
	found(t, err, ClassForeign, 0)
	if _, _, err := Prove(folderOf(w.left(t, f.with("tile/0/000", f["tile/0/000"][32:]+"12345678901234567890123456789012"))), 0, v); err == nil {
		t.Error("a wrong tile proved something")
	}
}

// Of a pruned entry there is the proof, for who has kept it.
func TestProveAPrunedEntry(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	dir, l := grown(t, 300, small, func(c *Config) { c.Now = func() time.Time { return now } })
	now = now.Add(time.Hour)
	grow(t, l, 300)
	v := testSigner(t).Verifier()
	kept := readFiles(t, folderOf(dir)).batches()[0].bodies[0]
	if p, err := l.Prune(ctx, now, nil); err != nil || p.Segments != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	mustClose(t, l)
	entry, proof, err := Prove(folderOf(dir), 0, v)
	if err != nil || entry != nil {
		t.Fatalf("entry %q, %v", entry, err)
	}
	if _, err := v.Check(proof, kept); err != nil {
		t.Error(err)
	}
}
