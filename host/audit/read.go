package audit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/gate"
)

// errStop ends a walk over lines.
var errStop = errors.New("stop")

// eachLine visits the whole lines of a segment, seals too. The line's text is valid during the visit.
func eachLine(root *os.Root, first uint64, visit func(line) error) error {
	f, err := openToRead(root, first)
	if err != nil {
		return err
	}
	defer f.Close()
	in := newLines(f)
	for {
		l, err := in.next()
		if err == io.EOF || err == nil && !l.ended {
			return nil
		}
		if err == nil {
			err = visit(l)
		}
		if errors.Is(err, errStop) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// eachEntry visits the lines of n entries from index from on. They must lie in one segment.
func eachEntry(root *os.Root, from uint64, n int, visit func(line) error) error {
	segments, err := listSegments(root.FS())
	if err != nil {
		return err
	}
	index, err := segmentOf(segments, from)
	if err != nil {
		return err
	}
	seen := 0
	err = eachLine(root, index, func(l line) error {
		if isSeal(l.text) {
			return nil
		}
		i := index
		index++
		if i < from {
			return nil
		}
		if seen++; seen > n {
			return errStop
		}
		return visit(l)
	})
	if err == nil && seen < n {
		err = fmt.Errorf("entry %d: %w", from+uint64(seen), fs.ErrNotExist)
	}
	return err
}

// readEntry reads one entry.
func readEntry(root *os.Root, index uint64) (e gate.Entry, err error) {
	err = eachEntry(root, index, 1, func(l line) error {
		rec, err := l.parse()
		e = rec.entry
		return err
	})
	return e, err
}

// eachOf visits the entries at some indices, which may repeat, in order and in one reading. What was pruned is left out.
func eachOf(root *os.Root, indices []uint64, visit func(uint64, *record) error) error {
	segments, err := listSegments(root.FS())
	if err != nil {
		return err
	}
	indices = slices.Sorted(slices.Values(indices))
	for i, first := range segments {
		before, _ := slices.BinarySearch(indices, first) // pruned
		indices = indices[before:]
		n := len(indices)
		if i+1 < len(segments) {
			n, _ = slices.BinarySearch(indices, segments[i+1])
		}
		if err := eachIn(root, first, indices[:n], visit); err != nil {
			return err
		}
		indices = indices[n:]
	}
	return nil
}

// eachIn is eachOf for the entries of one segment.
func eachIn(root *os.Root, first uint64, indices []uint64, visit func(uint64, *record) error) error {
	if len(indices) == 0 {
		return nil
	}
	index := first
	err := eachLine(root, first, func(l line) error {
		if isSeal(l.text) {
			return nil
		}
		for ; len(indices) > 0 && indices[0] == index; indices = indices[1:] {
			rec, err := l.parse()
			if err == nil {
				err = visit(index, &rec)
			}
			if err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
		}
		if len(indices) == 0 {
			return errStop
		}
		index++
		return nil
	})
	if err == nil && len(indices) > 0 {
		err = fmt.Errorf("entry %d: %w", indices[0], fs.ErrNotExist)
	}
	return err
}

// Tile returns what c2sp.org/tlog-tiles has at a path: a tile of hashes (tile/L/N) or a bundle of entries
// (tile/entries/N), full or partial, of what is durable. What is not there is fs.ErrNotExist, a pruned bundle too.
func (l *Log) Tile(path string) ([]byte, error) {
	t, err := tree.ParsePath(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	level := max(t.L, 0)
	if t.N > 1<<40 || level > 7 || (t.N*tree.Width+uint64(t.W))<<(tree.Height*level) > l.Head().Size {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	if t.L < 0 {
		return l.writer.bundle(t)
	}
	return l.writer.tile(t)
}

// tile returns the first hashes of a tile, from memory or from the disk.
func (w *writer) tile(t tree.Tile) ([]byte, error) {
	data := w.recent(t)
	if data == nil {
		var err error
		if data, err = w.tiles.read(tree.Tile{L: t.L, N: t.N, W: tree.Width}); err != nil {
			return nil, err
		}
	}
	return data[:t.W*tlog.HashSize], nil
}

// recent returns a tile at the tree's right edge, nil if it is not there. The batch that is on its way to the device is in
// the tree already: what it fills is nowhere else yet, though the beginning of it may be durable.
func (w *writer) recent(t tree.Tile) []byte {
	w.treeMu.Lock()
	defer w.treeMu.Unlock()
	if w.tree.Size()>>(tree.Height*(t.L+1)) == t.N {
		return w.tree.Partial(t.L, t.W)
	}
	for _, f := range w.full {
		if f.L == t.L && f.N == t.N {
			return f.Data
		}
	}
	return nil
}

// bundle returns entries with their lengths before them, 16 bits, big endian.
func (w *writer) bundle(t tree.Tile) ([]byte, error) {
	var out []byte
	err := eachEntry(w.root, t.N*tree.Width, t.W, func(l line) error {
		rec, err := l.body()
		if err != nil {
			return err
		}
		out = binary.BigEndian.AppendUint16(out, uint16(len(rec)))
		out = append(out, rec...)
		return nil
	})
	return out, err
}

// body returns the entry's bytes of a line whose hash is right.
func (l line) body() ([]byte, error) {
	if l.long || !l.ended || len(l.text) < hashLen+2 || l.text[hashLen] != ' ' {
		return nil, errForm
	}
	body := l.text[hashLen+1:]
	if hashOf(body) != string(l.text[:hashLen]) {
		return nil, errBytes
	}
	return body, nil
}
