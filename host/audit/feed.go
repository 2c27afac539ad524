package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"bulkhead/host/audit/export"
	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/safefile"
)

// A Feed reads a log's folder, which a running host may be writing, for those who pass entries on. It hands out an entry
// only after the seal that covers it: one with the signature of the log's key and the root of the very entries that were
// read. It implements export.Source, and is not safe for concurrent use.
type Feed struct {
	root *os.Root
	log  *checkpoint.Verifier
	at   *passage // nil: nowhere yet
	end  bound

	published *uint64 // size of the published checkpoint, once somebody has looked
	fresh     bool    // the segment looked at last has no seal at all, as one that has just begun
}

// A bound is where the log ended when somebody looked.
type bound struct {
	segment uint64 // the last one
	bytes   int64  // of it
	size    uint64 // of the log
}

// OpenFeed opens the log in the folder dir, which signs with log's key. The caller closes it.
func OpenFeed(dir string, log *checkpoint.Verifier) (*Feed, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	return &Feed{root: root, log: log}, nil
}

// Close gives the folder back.
func (f *Feed) Close() error {
	f.leave()
	return f.root.Close()
}

// Origin returns the log's origin.
func (f *Feed) Origin() string { return f.log.Origin() }

// Bounds returns the index of the oldest entry that there is, and the size up to which entries are sealed. A log that ends
// before the checkpoint that it had published when the feed first looked is a *Problem, as is one of another key.
func (f *Feed) Bounds() (first, size uint64, err error) {
	if f.published == nil {
		if f.published, err = f.lookPublished(); err != nil {
			return 0, 0, err
		}
	}
	if first, size, err = f.bounds(); err == nil && size < *f.published {
		err = problem(ClassTruncated, size, "the log ends here, but its published checkpoint has %d entries", *f.published)
	}
	return first, size, err
}

// lookPublished returns the size of the published checkpoint. It comes before the segments are listed: a running host may
// add to both.
func (f *Feed) lookPublished() (*uint64, error) {
	_, head, err := f.Checkpoint()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &head.Size, nil
}

func (f *Feed) bounds() (first, size uint64, err error) {
	segments, err := listSegments(f.root.FS())
	if err == nil && len(segments) == 0 {
		err = errors.New("there is no segment")
	}
	if err != nil {
		return 0, 0, fmt.Errorf("reading the log: %w", err)
	}
	for i := len(segments) - 1; i >= 0; i-- {
		size, err := f.sealed(segments[i])
		if err != nil {
			return 0, 0, fmt.Errorf("reading the log: %w", err)
		}
		if size > 0 {
			return segments[0], size, nil
		}
		if !f.fresh {
			return 0, 0, problem(ClassForeign, segments[i], "no seal at the end of %s is by the key %.16s as %s", segmentName(segments[i]), f.log.Key().KeyID, f.log.Origin())
		}
	}
	return segments[0], segments[0], nil
}

// sealed returns the size in the last good seal of a segment, 0 if it has none yet.
func (f *Feed) sealed(first uint64) (uint64, error) {
	file, err := openToRead(f.root, first)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	now := bound{segment: first, bytes: info.Size()}
	if f.end.size > 0 && f.end.segment == now.segment && f.end.bytes == now.bytes {
		return f.end.size, nil
	}
	tail := make([]byte, min(now.bytes, maxBatch+int64(maxLine)))
	if _, err := file.ReadAt(tail, now.bytes-int64(len(tail))); err != nil && err != io.EOF {
		return 0, err
	}
	now.size = f.lastSeal(tail)
	if now.size > 0 {
		f.end = now
	}
	return now.size, nil
}

// lastSeal finds the last whole line that is a seal of this log, 0 if there is none.
func (f *Feed) lastSeal(tail []byte) uint64 {
	f.fresh = true
	tail = tail[:bytes.LastIndexByte(tail, '\n')+1]
	for len(tail) > 0 {
		rest, last := cutLine(tail)
		if s, err := parseSeal(last); err == nil {
			if f.log.Seal(f.head(s), s.sig[:]) {
				return s.size
			}
			f.fresh = false
		}
		tail = rest
	}
	return 0
}

func (f *Feed) head(s seal) checkpoint.Head {
	return checkpoint.Head{Origin: f.log.Origin(), Size: s.size, Root: s.root}
}

// Tiles returns what reads the tiles of the log's tree of a size, full or not: from the disk, and those that are not there
// from the entries. Nothing has checked them.
func (f *Feed) Tiles(size uint64) (func(tree.Tile) ([]byte, error), error) {
	now := &folder{root: f.root}
	if err := now.list(); err != nil {
		return nil, err
	}
	return (&evidence{folder: now, size: size}).tile, nil
}

// Checkpoint returns the published checkpoint and its head, after it has checked that.
func (f *Feed) Checkpoint() ([]byte, checkpoint.Head, error) {
	note, _, err := safefile.Read(f.root, CheckpointName, checkpoint.MaxNote)
	if err != nil {
		return nil, checkpoint.Head{}, fmt.Errorf("reading the published checkpoint: %w", err)
	}
	head, err := f.log.Open(note)
	if err != nil {
		return nil, head, problem(ClassForeign, 0, "%v", err)
	}
	return note, head, nil
}

// Read visits the entries from one index up to another, which Bounds has said to be sealed. It goes on where it was, if
// that is where from is. The entries after one with which visit ended it come again.
func (f *Feed) Read(ctx context.Context, from, to uint64, visit func(*export.Entry) error) error {
	if err := f.goTo(from); err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	for f.at.given < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(f.at.ready) == 0 {
			if err := f.fill(from); err != nil {
				f.leave()
				return fmt.Errorf("reading the log: %w", err)
			}
			continue
		}
		e := f.at.ready[0]
		f.at.ready, f.at.given = f.at.ready[1:], e.Index+1
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}
