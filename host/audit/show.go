package audit

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ErrNotFound says that no entry is what was asked for.
var ErrNotFound = errors.New("no such entry")

// Show prints every entry that key names: by its index, its id, or the id of its call. It returns ErrNotFound if there is
// none.
func Show(w io.Writer, dir, key string, asJSON bool) error {
	f, err := openFolder(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if index, err := strconv.ParseUint(key, 10, 64); err == nil {
		return f.showIndex(w, index, asJSON)
	}
	return f.showNamed(w, key, asJSON)
}

func (f *folder) showIndex(w io.Writer, index uint64, asJSON bool) error {
	if first := f.segments[0].first; index < first {
		return fmt.Errorf("%w: entry %d was pruned; the first one left is %d", ErrNotFound, index, first)
	}
	c := f.from(index)
	defer c.Close()
	for {
		s, err := c.read()
		if err == io.EOF || err == nil && !s.seal && s.index > index {
			return fmt.Errorf("%w: %d", ErrNotFound, index)
		}
		if err != nil {
			return err
		}
		if !s.seal && s.index == index {
			return s.show(w, asJSON)
		}
	}
}

func (f *folder) showNamed(w io.Writer, key string, asJSON bool) error {
	c := f.from(0)
	defer c.Close()
	for found := false; ; {
		s, err := c.read()
		if err == io.EOF && !found {
			return fmt.Errorf("%w: %q", ErrNotFound, key)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if s.seal || key == "" {
			continue
		}
		if r, bad := s.parse(); bad != nil || r.entry.ID != key && r.entry.Call != key {
			continue
		}
		found = true
		if err := s.show(w, asJSON); err != nil {
			return err
		}
	}
}

// show prints a line's entry in full.
func (s spot) show(w io.Writer, asJSON bool) error {
	r, bad := s.parse()
	text := format(s.index, r, bad, asJSON)
	if !asJSON && bad == nil {
		text = formatLong(s.index, r)
	}
	_, err := io.WriteString(w, text)
	return err
}
