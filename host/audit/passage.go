package audit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/export"
	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/strictjson"
)

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
	first, err := segmentOf(segments, from)
	if err != nil {
		return err
	}
	tiles, err := f.Tiles(first)
	if err != nil {
		return err
	}
	grown, err := tree.Restore(first, tiles)
	if err != nil {
		return fmt.Errorf("the tree before %s: %w", segmentName(first), err)
	}
	file, err := openToRead(f.root, first)
	if err != nil {
		return err
	}
	f.at = &passage{first: first, file: file, lines: newLines(file), tree: grown, given: from}
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
	file, err := openToRead(f.root, next)
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
