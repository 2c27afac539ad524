package audit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"time"
)

// TailOptions say what Tail prints.
type TailOptions struct {
	Entries int  // the last so many
	Follow  bool // then every new one, until the context ends
	JSON    bool // an object a line, instead of text for people
}

const pollInterval = 200 * time.Millisecond

// Tail prints the end of a log, a line an entry, escaped for terminals: what a seal covers. Lines that are not what a log
// holds are marked, not hidden; whether entries follow one another is Verify's question. The end of ctx is no error.
func Tail(ctx context.Context, w io.Writer, dir string, o TailOptions) error {
	f, err := openFolder(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	t := &tail{folder: f, out: w, json: o.JSON}
	if err := t.place(uint64(max(o.Entries, 0))); err != nil {
		return err
	}
	for {
		if err := t.more(); err != nil || !o.Follow {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pollInterval):
		}
	}
}

// A tail stands behind a seal and prints what comes.
type tail struct {
	folder *folder
	out    io.Writer
	json   bool
	first  uint64 // of the segment that it is in
	offset int64  // in that segment
	index  uint64 // of the next entry
	from   uint64 // entries before are not printed
}

// place goes to the segment in which the last n entries begin.
func (t *tail) place(n uint64) error {
	end, err := t.folder.end()
	if err != nil {
		return err
	}
	t.from = end - min(end, n)
	number, ok := t.folder.find(t.from)
	if !ok { // pruned
		number = 0
	}
	t.first = t.folder.segments[number].first
	t.index, t.from = t.first, max(t.from, t.first)
	return nil
}

// end counts the entries of the last segment.
func (f *folder) end() (uint64, error) {
	c := f.from(f.segments[len(f.segments)-1].first)
	defer c.Close()
	end := c.folder.segments[c.number].first
	for {
		s, err := c.read()
		if err == io.EOF {
			return end, nil
		}
		if err != nil {
			return 0, err
		}
		if s.seal { // what has none behind it does not count
			end = max(end, s.index)
		}
	}
}

// more prints the batches that are whole by now, and goes on into the next segments.
func (t *tail) more() error {
	for {
		err := t.segment()
		gone := errors.Is(err, fs.ErrNotExist) // it may have been pruned, after it was printed
		if err != nil && !gone {
			return err
		}
		if err := t.folder.list(); err != nil {
			return err
		}
		number, _ := t.folder.find(t.first)
		if number+1 >= len(t.folder.segments) {
			if gone {
				return problem(ClassTruncated, t.index, "the segment went while it was read")
			}
			return nil
		}
		next := t.folder.segments[number+1].first
		if next != t.index {
			return problem(ClassDeleted, t.index, "the next segment begins with entry %d", next)
		}
		t.first, t.offset = next, 0
	}
}

// segment prints what has come in the present segment, batch by batch.
func (t *tail) segment() error {
	file, err := t.folder.open(segmentName(t.first))
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < t.offset {
		return problem(ClassTruncated, t.index, "the segment became shorter while it was read")
	}
	in := newLines(io.NewSectionReader(file, t.offset, info.Size()-t.offset))
	var batch bytes.Buffer
	for index, begin := t.index, t.offset; ; {
		l, err := in.next()
		if err == io.EOF || err == nil && !l.ended {
			return nil
		}
		if err != nil {
			return err
		}
		if !isSeal(l.text) {
			if index >= t.from {
				r, bad := l.parse()
				batch.WriteString(format(index, r, bad, t.json))
			}
			index++
			if batch.Len() < 4*maxBatch { // no batch is as large: a seal is missing
				continue
			}
		}
		if _, err := batch.WriteTo(t.out); err != nil {
			return err
		}
		t.index, t.offset = index, begin+in.offset
	}
}
