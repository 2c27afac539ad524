package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
)

// ErrNotPublished says that no checkpoint covers an entry yet.
var ErrNotPublished = errors.New("the entry is not published yet")

// Prove returns an entry's bytes and the proof that it is in the log under the published checkpoint, which v checks. Of a
// pruned entry there is the proof alone, for whoever has kept the entry.
func Prove(dir string, index uint64, v *checkpoint.Verifier) (entry []byte, proof checkpoint.Proof, err error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, proof, err
	}
	defer f.Close()
	note, err := f.read(CheckpointName, maxCheckpoint)
	if err != nil {
		return nil, proof, fmt.Errorf("reading the published checkpoint: %w", err)
	}
	head, err := v.Open(note)
	if err != nil {
		return nil, proof, problem(ClassForeign, index, "%v", err)
	}
	if index >= head.Size {
		return nil, proof, fmt.Errorf("%w: the published checkpoint has %d entries", ErrNotPublished, head.Size)
	}
	if err := f.list(); err != nil { // whatever the checkpoint covers is there by now
		return nil, proof, err
	}
	e := &evidence{folder: f, size: head.Size}
	if proof.Hashes, err = e.prove(index, head.Root); err != nil {
		return nil, proof, err
	}
	proof.Index, proof.Checkpoint = index, note
	return e.entry, proof, nil
}

// evidence finds the hashes of a log's tree of one size: in the full tiles, and where there are none, in the entries.
type evidence struct {
	folder *folder
	size   uint64
	entry  []byte
}

// prove returns the inclusion proof of an entry, after it has checked that against the root and the entry, if it is there.
func (e *evidence) prove(index uint64, root tlog.Hash) ([]tlog.Hash, error) {
	hashes := tree.Reader(e.size, e.tile)
	leaves, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
	if err != nil {
		return nil, fmt.Errorf("reading the tree: %w", err)
	}
	leaf := leaves[0]
	err = e.folder.entries(index, index+1, func(_ uint64, body []byte) {
		e.entry, leaf = append([]byte(nil), body...), tlog.RecordHash(body)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	proof, err := tlog.ProveRecord(int64(e.size), int64(index), hashes)
	if err != nil {
		return nil, fmt.Errorf("reading the tree: %w", err)
	}
	if err := tlog.CheckRecord(proof, int64(e.size), root, int64(index), leaf); err != nil {
		return nil, problem(ClassForged, index, "the published checkpoint does not cover it")
	}
	return proof, nil
}

// tile returns the hashes of a tile, full or not, of the tree.
func (e *evidence) tile(t tree.Tile) ([]byte, error) {
	if full := e.size >> (tree.Height * (t.L + 1)); t.N < full {
		data, err := e.folder.tile(t)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
	}
	var out []byte
	first := t.N * tree.Width
	if t.L == 0 {
		err := e.folder.entries(first, first+uint64(t.W), func(_ uint64, body []byte) {
			leaf := tlog.RecordHash(body)
			out = append(out, leaf[:]...)
		})
		return out, err
	}
	for n := first; n < first+uint64(t.W); n++ {
		below, err := e.tile(tree.Tile{L: t.L - 1, N: n, W: tree.Width})
		if err != nil {
			return nil, err
		}
		root := tree.Root(below)
		out = append(out, root[:]...)
	}
	return out, nil
}

// entries visits the entries from one index up to another. One that is not there is fs.ErrNotExist.
func (f *folder) entries(from, to uint64, visit func(index uint64, body []byte)) error {
	if from < f.segments[0].first {
		return fmt.Errorf("entry %d: %w", from, fs.ErrNotExist)
	}
	c := f.from(from)
	defer c.Close()
	for next := from; next < to; {
		s, err := c.read()
		if err == io.EOF {
			return fmt.Errorf("entry %d: %w", next, fs.ErrNotExist)
		}
		if err != nil {
			return err
		}
		if s.seal || s.index != next {
			continue
		}
		body, err := s.body()
		if err != nil {
			return fmt.Errorf("entry %d: %w", next, err)
		}
		visit(next, body)
		next++
	}
	return nil
}
