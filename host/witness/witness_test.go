package witness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/keys"
)

const origin = "bulkhead/press-7/0123456789abcdef"

// A world is a log that says whatever a test wants, and somebody who watches it.
type world struct {
	t       *testing.T
	folder  string
	signer  *checkpoint.Signer
	witness *checkpoint.Cosigner
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir()}
	w.signer = w.newSigner("audit", origin)
	_, err := keys.Create(w.folder, "w1", keys.Witness, true)
	w.do(err)
	k, err := keys.ReadWitness(filepath.Join(w.folder, "w1.key"))
	w.do(err)
	w.witness = checkpoint.NewCosigner(k)
	return w
}

func (w *world) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) newSigner(name, origin string) *checkpoint.Signer {
	_, err := keys.Create(w.folder, name, keys.Audit, true)
	w.do(err)
	k, err := keys.ReadAudit(filepath.Join(w.folder, name+".key"))
	w.do(err)
	s, err := checkpoint.NewSigner(origin, k)
	w.do(err)
	return s
}

func (w *world) statePath() string  { return filepath.Join(w.folder, "w1.state") }
func (w *world) anchorPath() string { return filepath.Join(w.folder, "anchor") }

// A history is a tree of n entries, those from changed on being others than usual.
type history struct {
	head  checkpoint.Head
	tiles map[tree.Tile][]byte
	tree  *tree.Tree
}

func grow(t *testing.T, n, changed int) *history {
	t.Helper()
	h := &history{tiles: map[tree.Tile][]byte{}, tree: &tree.Tree{}}
	for i := range n {
		text := fmt.Appendf(nil, "entry %d", i)
		if i >= changed {
			text = append(text, '!')
		}
		_, full, err := h.tree.Append(tlog.RecordHash(text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range full {
			h.tiles[f.Tile] = f.Data
		}
	}
	h.head = checkpoint.Head{Origin: origin, Size: uint64(n), Root: h.tree.Root()}
	return h
}

func (h *history) read(t tree.Tile) ([]byte, error) {
	if data := h.tiles[tree.Tile{L: t.L, N: t.N, W: tree.Width}]; data != nil {
		return data[:t.W*tlog.HashSize], nil
	}
	if data := h.tree.Partial(t.L, t.W); data != nil {
		return data, nil
	}
	return nil, fmt.Errorf("%s: %w", t.Path(), os.ErrNotExist)
}

func (w *world) publish(h checkpoint.Head, at int64) []byte {
	w.t.Helper()
	n, err := w.signer.Sign(h, w.signer.Seal(h))
	w.do(err)
	n, err = w.signer.Publish(n, time.Unix(at, 0))
	w.do(err)
	return n
}

// cosign opens the state anew each time, as the command does.
func (w *world) cosign(n []byte, h *history, at int64) ([]byte, error) {
	w.t.Helper()
	s, err := Open(w.statePath())
	w.do(err)
	defer s.Close()
	return s.Cosign(w.witness, w.signer.Verifier(), n, h.read, time.Unix(at, 0))
}

const never = 1 << 40

func TestFollows(t *testing.T) {
	w := newWorld(t)
	sizes := []int{0, 1, 2, 255, 256, 257, 700, 66_000}
	for i, n := range sizes {
		h := grow(t, n, never)
		cosigned, err := w.cosign(w.publish(h.head, int64(100+i)), h, int64(200+i))
		if err != nil {
			t.Fatalf("size %d: %v", n, err)
		}
		got, times, err := w.signer.Verifier().Cosigned(cosigned, w.witness.Witness())
		if err != nil || got != h.head || times[0].Unix() != int64(200+i) {
			t.Errorf("size %d: %+v, %v, %v", n, got, times, err)
		}
	}
	again := grow(t, 66_000, never)
	if _, err := w.cosign(w.publish(again.head, 107), again, 210); err != nil {
		t.Errorf("the same head again: %v", err)
	}
	info, err := os.Stat(w.statePath())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// The library verifies what the witness says, knowing its verifier key alone.
func TestCosignatureInTheLibrary(t *testing.T) {
	w := newWorld(t)
	h := grow(t, 300, never)
	n, err := w.cosign(w.publish(h.head, 100), h, 200)
	w.do(err)
	ed, ml := w.witness.Witness().Keys()
	for _, key := range []string{ed, ml} {
		v, err := formats.NewVerifierForCosignatureV1(key)
		w.do(err)
		opened, err := note.Open(n, note.VerifierList(v))
		if err != nil || opened.Text != h.head.Text() {
			t.Errorf("%.60s: %v", key, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	seen, late := grow(t, 700, never), grow(t, 1500, never)
	forked, early, elsewhere := grow(t, 1500, 600), grow(t, 600, never), grow(t, 1500, 800)
	other := grow(t, 700, 699)
	lies := func(of *history, bad tree.Tile) *history {
		c := &history{of.head, map[tree.Tile][]byte{}, of.tree}
		for k, v := range of.tiles {
			c.tiles[k] = v
		}
		c.tiles[bad] = bytes.Repeat([]byte{7}, tree.Width*tlog.HashSize)
		return c
	}
	for _, tt := range []struct {
		name     string
		head     *history
		tiles    *history
		pub, now int64
		want     error
		evidence bool
	}{
		{"later", late, late, 101, 201, nil, false},
		{"rolled back", early, early, 101, 201, ErrRollback, false},
		{"same size, other root", other, other, 101, 201, ErrFork, true},
		{"forked before what was seen", forked, forked, 101, 201, ErrFork, true},
		{"other entries after what was seen", elsewhere, elsewhere, 101, 201, nil, false},
		{"tiles of another tree", late, forked, 101, 201, ErrTiles, false},
		{"one false tile below", late, lies(late, tree.Tile{L: 0, N: 2, W: 256}), 101, 201, ErrTiles, false},
		{"tiles missing", late, early, 101, 201, os.ErrNotExist, false},
		{"published before the last", late, late, 99, 201, ErrOlder, false},
		{"this clock went back", late, late, 101, 199, ErrOlder, false},
		{"the same head, published before", seen, seen, 99, 201, ErrOlder, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.cosign(w.publish(seen.head, 100), seen, 200)
			w.do(err)
			before, err := os.ReadFile(w.statePath())
			w.do(err)
			n, err := w.cosign(w.publish(tt.head.head, tt.pub), tt.tiles, tt.now)
			if !errors.Is(err, tt.want) || (err == nil) != (n != nil) || (err == nil) != (tt.want == nil) {
				t.Fatalf("%v", err)
			}
			after, readErr := os.ReadFile(w.statePath())
			w.do(readErr)
			if bytes.Equal(before, after) != (tt.want != nil) {
				t.Errorf("the state is now %s", after)
			}
			var e *Evidence
			if errors.As(err, &e) != tt.evidence {
				t.Fatalf("evidence: %v", err)
			}
			if tt.evidence {
				w.checkEvidence(e, seen.head, tt.head.head)
			}
		})
	}
}

// Both notes of the evidence are signed by the log, as anybody with its key sees.
func (w *world) checkEvidence(e *Evidence, first, second checkpoint.Head) {
	w.t.Helper()
	for n := range 2 {
		path, err := e.Save(w.statePath())
		w.do(err)
		if path != fmt.Sprintf("%s.fork-%d", w.statePath(), n) {
			w.t.Errorf("saved as %s", path)
		}
		data, err := os.ReadFile(path)
		w.do(err)
		var read Evidence
		w.do(json.Unmarshal(data, &read))
		one, err := w.signer.Verifier().Open([]byte(read.First))
		w.do(err)
		two, err := w.signer.Verifier().Open([]byte(read.Second))
		w.do(err)
		if one != first || two != second {
			w.t.Errorf("it shows %+v and %+v", one, two)
		}
	}
}

func TestFirstSightNeedsTiles(t *testing.T) {
	w := newWorld(t)
	h, other := grow(t, 300, never), grow(t, 300, 10)
	if _, err := w.cosign(w.publish(h.head, 100), other, 200); !errors.Is(err, ErrTiles) {
		t.Errorf("tiles of another tree: %v", err)
	}
	if _, err := os.Stat(w.statePath()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was remembered: %v", err)
	}
	foreign := w.newSigner("audit2", origin)
	w.signer, foreign = foreign, w.signer
	n := w.publish(h.head, 100)
	w.signer = foreign
	if _, err := w.cosign(n, h, 200); err == nil {
		t.Error("cosigned what another key signed")
	}
}

// A known log does not become a new one by another name, nor another's by another key.
func TestNamesAndKeys(t *testing.T) {
	w := newWorld(t)
	h := grow(t, 300, never)
	_, err := w.cosign(w.publish(h.head, 100), h, 200)
	w.do(err)
	first := w.signer
	w.signer = w.newSigner("audit2", origin)
	if _, err := w.cosign(w.publish(h.head, 101), h, 201); !errors.Is(err, ErrOrigin) {
		t.Errorf("another key: %v", err)
	}
	k, err := keys.ReadAudit(filepath.Join(w.folder, "audit.key"))
	w.do(err)
	w.signer, err = checkpoint.NewSigner("bulkhead/renamed/1", k)
	w.do(err)
	forked := grow(t, 10, 0)
	forked.head.Origin = "bulkhead/renamed/1"
	if _, err := w.cosign(w.publish(forked.head, 102), forked, 202); !errors.Is(err, ErrOrigin) {
		t.Errorf("another name: %v", err)
	}
	w.signer = first
	if _, err := w.cosign(w.publish(h.head, 103), h, 203); err != nil {
		t.Error(err)
	}
}

// One witness follows several logs, each by itself.
func TestSeveralLogs(t *testing.T) {
	w := newWorld(t)
	big, small := grow(t, 300, never), grow(t, 5, never)
	_, err := w.cosign(w.publish(big.head, 100), big, 200)
	w.do(err)
	w.signer = w.newSigner("audit2", "bulkhead/other/1")
	small.head.Origin = "bulkhead/other/1"
	_, err = w.cosign(w.publish(small.head, 50), small, 201)
	w.do(err)
	_, err = w.cosign(w.publish(small.head, 51), small, 202)
	w.do(err)
	s, err := Open(w.statePath())
	w.do(err)
	defer s.Close()
	if len(s.logs) != 2 {
		t.Errorf("%+v", s.logs)
	}
	if _, err := Open(w.statePath()); err == nil {
		t.Error("two have the state open")
	}
}

func TestDamagedState(t *testing.T) {
	w := newWorld(t)
	h := grow(t, 300, never)
	_, err := w.cosign(w.publish(h.head, 100), h, 200)
	w.do(err)
	good, err := os.ReadFile(w.statePath())
	w.do(err)
	for _, tt := range []struct{ name, old, new string }{
		{"size", `"size": 300`, `"size": 299`},
		{"type", "witness-state/v1", "witness-state/v2"},
		{"origin", `"origin": "bulk`, `"origin": "balk`},
		{"unknown member", `"type"`, `"x":1,"type"`},
		{"cut", "}", ""},
		{"short root", `"root": "`, `"root": "","rot": "`},
		{"twice", `"logs": [`, `"logs": [` + string(good[bytes.IndexByte(good, '[')+1:bytes.LastIndexByte(good, ']')]) + ","},
	} {
		w.do(os.WriteFile(w.statePath(), []byte(strings.Replace(string(good), tt.old, tt.new, 1)), 0o600))
		if s, err := Open(w.statePath()); err == nil {
			s.Close()
			t.Errorf("%s: taken", tt.name)
		}
	}
	w.do(os.WriteFile(w.statePath(), good, 0o600))
	w.do(os.Chmod(w.statePath(), 0o644))
	if s, err := Open(w.statePath()); err == nil {
		s.Close()
		t.Error("others may read it: taken")
	}
}

// What cannot be remembered is not cosigned.
func TestRemembersFirst(t *testing.T) {
	w := newWorld(t)
	h := grow(t, 3, never)
	w.do(os.MkdirAll(filepath.Join(w.folder, "w1.state.new", "x"), 0o700)) // where the new state would be written
	if n, err := w.cosign(w.publish(h.head, 100), h, 200); err == nil || bytes.Contains(n, []byte("witness")) {
		t.Errorf("cosigned without memory: %v", err)
	}
}

func TestAnchor(t *testing.T) {
	w := newWorld(t)
	v := w.signer.Verifier()
	anchor := func(h, tiles *history, at int64) (bool, error) {
		return Anchor(w.anchorPath(), v, w.publish(h.head, at), tiles.read)
	}
	small, big := grow(t, 300, never), grow(t, 900, never)
	if _, err := anchor(small, grow(t, 300, 5), 100); !errors.Is(err, ErrTiles) {
		t.Errorf("anchored with the tiles of another tree: %v", err)
	}
	written, err := anchor(small, small, 100)
	if err != nil || !written {
		t.Fatalf("%v, %v", written, err)
	}
	kept, err := os.ReadFile(w.anchorPath())
	w.do(err)
	if written, err := anchor(small, small, 105); err != nil || written {
		t.Errorf("the same head: %v, %v", written, err)
	}
	for _, tt := range []struct {
		name string
		head *history
		want error
	}{{"older", grow(t, 299, never), ErrRollback}, {"other root", grow(t, 300, 5), ErrFork}, {"forked", grow(t, 901, 5), ErrFork}} {
		if _, err := anchor(tt.head, tt.head, 110); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if now, err := os.ReadFile(w.anchorPath()); err != nil || !bytes.Equal(now, kept) {
			t.Errorf("%s: the anchor changed", tt.name)
		}
	}
	if written, err = anchor(big, big, 120); err != nil || !written {
		t.Errorf("%v, %v", written, err)
	}
	got, err := ReadNote(w.anchorPath())
	w.do(err)
	if h, err := v.Open(got); err != nil || h != big.head {
		t.Errorf("%+v, %v", h, err)
	}
	w.do(os.WriteFile(w.anchorPath(), []byte("nothing"), 0o600))
	if _, err := anchor(big, big, 130); err == nil {
		t.Error("replaced what is no anchor")
	}
}
