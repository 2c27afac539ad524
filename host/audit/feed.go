package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"bulkhead/host/audit/export"
	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/safefile"
	"bulkhead/host/strictjson"
)

// A Feed reads a log's folder, which a running host may be writing, for those who pass entries on. It hands out an entry
// only after the seal that covers it: one with the signature of the log's key and the root of the very entries that were
// read. It implements export.Source, and is not safe for concurrent use.
type Feed struct {
	root *os.Root
	log  *checkpoint.Verifier
	at   *passage // nil: nowhere yet
	end  bound
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

// Bounds returns the index of the oldest entry that there is, and the size up to which entries are sealed.
func (f *Feed) Bounds() (first, size uint64, err error) {
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
	}
	return segments[0], segments[0], nil
}

// sealed returns the size in the last good seal of a segment, 0 if it has none yet.
func (f *Feed) sealed(first uint64) (uint64, error) {
	file, err := f.openSegment(first)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	now := bound{segment: first, bytes: info.Size()}
	if f.end.segment == now.segment && f.end.bytes == now.bytes {
		return f.end.size, nil
	}
	tail := make([]byte, min(now.bytes, maxBatch+int64(maxLine)))
	if _, err := file.ReadAt(tail, now.bytes-int64(len(tail))); err != nil && err != io.EOF {
		return 0, err
	}
	now.size = f.lastSeal(tail)
	f.end = now
	return now.size, nil
}

// lastSeal finds the last whole line that is a seal of this log.
func (f *Feed) lastSeal(tail []byte) uint64 {
	tail = tail[:bytes.LastIndexByte(tail, '\n')+1]
	for len(tail) > 0 {
		rest, last := cutLine(tail)
		if s, err := parseSeal(last); err == nil && f.log.Seal(f.head(s), s.sig[:]) {
			return s.size
		}
		tail = rest
	}
	return 0
}

func (f *Feed) head(s seal) checkpoint.Head {
	return checkpoint.Head{Origin: f.log.Origin(), Size: s.size, Root: s.root}
}

func (f *Feed) openSegment(first uint64) (*os.File, error) {
	return f.root.OpenFile(segmentName(first), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
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

// A passage is a way through the log from the beginning of a segment on.
type passage struct {
	first uint64 // the segment
	file  *os.File
	lines *lines
	tree  *tree.Tree      // of everything read
	wait  []*export.Entry // whose seal has not come yet
	ready []*export.Entry // sealed, not yet given
	given uint64          // index of the next entry to give
}

func (f *Feed) leave() {
	if f.at != nil {
		f.at.file.Close()
	}
	f.at = nil
}

// goTo makes sure that the next entry to give is from, or that it is on the way there.
func (f *Feed) goTo(from uint64) error {
	if f.at != nil && f.at.given == from {
		return nil
	}
	f.leave()
	segments, err := listSegments(f.root.FS())
	if err != nil {
		return err
	}
	at := -1
	for i, first := range segments {
		if first <= from {
			at = i
		}
	}
	if at < 0 {
		return fmt.Errorf("entry %d: %w", from, fs.ErrNotExist)
	}
	tiles, err := f.Tiles(segments[at])
	if err != nil {
		return err
	}
	grown, err := tree.Restore(segments[at], tiles)
	if err != nil {
		return fmt.Errorf("the tree before %s: %w", segmentName(segments[at]), err)
	}
	file, err := f.openSegment(segments[at])
	if err != nil {
		return err
	}
	f.at = &passage{first: segments[at], file: file, lines: newLines(file), tree: grown, given: from}
	return nil
}

// fill reads one batch up to its seal, of which the entries before from are only hashed.
func (f *Feed) fill(from uint64) error {
	for {
		l, err := f.at.lines.next()
		if err == io.EOF && len(f.at.wait) == 0 {
			if err := f.nextSegment(); err != nil {
				return err
			}
			continue
		}
		switch {
		case err != nil:
			return err
		case l.long || !l.ended:
			return errForm
		case isSeal(l.text):
			return f.take(l.text)
		}
		if err := f.at.add(l, from); err != nil {
			return fmt.Errorf("entry %d: %w", f.at.tree.Size(), err)
		}
	}
}

// nextSegment goes on in the segment that begins where this one has ended.
func (f *Feed) nextSegment() error {
	next := f.at.tree.Size()
	file, err := f.openSegment(next)
	if next == f.at.first || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("entry %d: %w", next, fs.ErrNotExist)
	}
	if err != nil {
		return err
	}
	f.at.file.Close()
	f.at.first, f.at.file, f.at.lines = next, file, newLines(file)
	return nil
}

// add takes a line of an entry into the tree.
func (p *passage) add(l line, from uint64) error {
	body, err := l.body()
	if err != nil {
		return err
	}
	index := p.tree.Size()
	if _, _, err := p.tree.Append(tlog.RecordHash(body), nil, nil); err != nil {
		return err
	}
	e := &export.Entry{Index: index}
	if index >= from {
		if e, err = decodeEntry(bytes.Clone(body)); err != nil {
			return err
		}
		e.Index, e.Hash = index, string(l.text[:hashLen])
	}
	p.wait = append(p.wait, e)
	return nil
}

func decodeEntry(body []byte) (*export.Entry, error) {
	e := &export.Entry{Body: body}
	unsigned, sig, err := checkpoint.WithoutSignature(body)
	if err == nil {
		err = strictjson.DecodeDepth(unsigned, &e.Entry, maxDepth)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEntry, err)
	}
	if sig != nil {
		e.Signature = base64.StdEncoding.EncodeToString(sig)
	}
	return e, nil
}

// take holds a seal against the entries before it, and gives those free.
func (f *Feed) take(text []byte) error {
	s, err := parseSeal(text)
	if err != nil {
		return err
	}
	if s.size != f.at.tree.Size() || s.root != f.at.tree.Root() || !f.log.Seal(f.head(s), s.sig[:]) {
		return fmt.Errorf("the seal behind entry %d is not the log's over the entries before it\nhint: bin/host audit verify says what is wrong", f.at.tree.Size())
	}
	for _, e := range f.at.wait {
		if e.Body != nil {
			f.at.ready = append(f.at.ready, e)
		}
	}
	f.at.wait = nil
	return nil
}
