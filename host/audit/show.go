package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// ErrNotFound says that no entry is what was asked for.
var ErrNotFound = errors.New("no such entry")

// TailOptions say what Tail prints.
type TailOptions struct {
	Entries int  // the last so many
	Follow  bool // then every new one, until the context ends
	JSON    bool // an object a line, instead of text for people
}

const pollInterval = 200 * time.Millisecond

// Tail prints the end of a log, a line an entry, escaped for terminals. Lines that are not what a log holds are marked,
// not hidden; whether entries follow one another is Verify's question. The end of ctx is no error.
func Tail(ctx context.Context, w io.Writer, path string, o TailOptions) error {
	f, err := openRead(path)
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	defer f.Close()
	at, err := findLast(f, max(o.Entries, 0))
	if err != nil {
		return err
	}
	for {
		if err := at.printNew(w, f, o.JSON); err != nil || !o.Follow {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pollInterval):
		}
	}
}

// A place is the beginning of a line.
type place struct {
	index  uint64
	offset int64
}

// findLast returns the place of the n-th line from the end.
func findLast(f *os.File, n int) (place, error) {
	var last []place // up to n, a ring once it is full
	var at place
	err := each(f, 0, func(l line, next int64) error {
		if len(last) < n {
			last = append(last, at)
		} else if n > 0 {
			last[at.index%uint64(n)] = at
		}
		at = place{at.index + 1, next}
		return nil
	})
	switch {
	case len(last) == 0:
		return at, err
	case len(last) < n:
		return last[0], err
	}
	return last[at.index%uint64(n)], err
}

// printNew prints what came after the place, and moves it.
func (p *place) printNew(w io.Writer, f *os.File, asJSON bool) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	if info.Size() < p.offset {
		return &Problem{ClassTruncated, p.index, "the file became shorter while it was read"}
	}
	return each(f, p.offset, func(l line, next int64) error {
		r, bad := l.parse()
		if _, err := io.WriteString(w, format(p.index, r, bad, asJSON)); err != nil {
			return err
		}
		*p = place{p.index + 1, next}
		return nil
	})
}

// each visits the whole lines of a log from offset on, with where the next one starts.
func each(f *os.File, offset int64, visit func(l line, next int64) error) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	in := newLines(io.NewSectionReader(f, offset, info.Size()-offset))
	for {
		l, err := in.next()
		if err == io.EOF || err == nil && !l.ended {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the log: %w", err)
		}
		if err := visit(l, offset+in.offset); err != nil {
			return err
		}
	}
}

// Show prints every entry that key names: by its index, its id, or the id of its call. It returns ErrNotFound if there is
// none.
func Show(w io.Writer, path, key string, asJSON bool) error {
	f, err := openRead(path)
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	defer f.Close()
	wanted, err := strconv.ParseUint(key, 10, 64)
	byIndex := err == nil
	var index uint64
	found := false
	err = each(f, 0, func(l line, _ int64) error {
		i := index
		index++
		if byIndex && i != wanted {
			return nil
		}
		r, bad := l.parse()
		if !byIndex && (bad != nil || key == "" || r.entry.ID != key && r.entry.Call != key) {
			return nil
		}
		found = true
		text := format(i, r, bad, asJSON)
		if !asJSON && bad == nil {
			text = formatLong(i, r)
		}
		_, err := io.WriteString(w, text)
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("%w: %q", ErrNotFound, key)
	}
	return err
}

// The tries of VerifyFile: a write of the running host may be seen half done.
const (
	verifyTries = 5
	verifyPause = 50 * time.Millisecond
)

// VerifyFile is Verify of a file, which a running host may be writing.
func VerifyFile(path string, head *Head) (Report, error) {
	for try := 1; ; try++ {
		report, err := verifyFile(path, head)
		var p *Problem
		if try == verifyTries || !errors.As(err, &p) || p.Class != ClassTorn {
			return report, err
		}
		time.Sleep(verifyPause)
	}
}

func verifyFile(path string, head *Head) (Report, error) {
	f, err := openRead(path)
	if err != nil {
		return Report{}, fmt.Errorf("reading the log: %w", err)
	}
	defer f.Close()
	return Verify(f, head)
}
