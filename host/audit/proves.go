package audit

import (
	"errors"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
)

// proves makes sure that the tree of a head that is durable has an entry, read from a segment that may have been edited since
// it was written. If not, or if the tiles that would prove it are gone, that is a *Problem.
func (w *writer) proves(head checkpoint.Head, index uint64, body []byte, tiles func(tree.Tile) ([]byte, error)) error {
	size, n := int64(head.Size), int64(index)
	proof, err := tlog.ProveRecord(size, n, tree.Reader(head.Size, tiles))
	if errors.Is(err, fs.ErrNotExist) {
		return problem(ClassMistiled, index, "the tiles that would prove the entry: %v\nhint: the next start makes anew what it needs of them", err)
	}
	if err == nil {
		err = tlog.CheckRecord(proof, size, head.Root, n, tlog.RecordHash(body))
	}
	if err != nil {
		return problem(ClassEdited, index, "the tree does not prove the entry: %v", err)
	}
	return nil
}

// tileOrEntries is tile, from the entries where the tile is gone: to a start, that proves nothing wrong.
func (w *writer) tileOrEntries(t tree.Tile) ([]byte, error) {
	data, err := w.tile(t)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	f := &folder{root: w.root}
	if err := f.list(); err != nil {
		return nil, err
	}
	return (&evidence{folder: f, size: w.last.Load().head.Size}).tile(t)
}
