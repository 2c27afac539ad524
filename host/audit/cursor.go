package audit

import (
	"fmt"
	"io"
	"os"
)

// A cursor reads the lines of a log one after the other, from segment to segment.
type cursor struct {
	folder *folder
	number int // of the segment
	file   *os.File
	lines  *lines
	next   uint64 // index of the next entry, by the segment's name and the lines before
}

// A spot is a line of a log: the index of its entry, or for a seal of the entry behind it.
type spot struct {
	line
	index  uint64
	number int // of its segment
	seal   bool
}

// from returns a cursor at the beginning of the segment that has an entry, or of the first one.
func (f *folder) from(index uint64) *cursor {
	n, ok := f.find(index)
	if !ok {
		n = 0
	}
	return &cursor{folder: f, number: n}
}

// read returns the next line, which is valid until the one after it is read. It returns io.EOF after the last one.
func (c *cursor) read() (spot, error) {
	for {
		if c.lines == nil {
			if err := c.open(); err != nil {
				return spot{}, err
			}
		}
		l, err := c.lines.next()
		if err == io.EOF && c.number+1 < len(c.folder.segments) {
			c.number++
			c.Close()
			continue
		}
		if err != nil {
			return spot{}, reading(err)
		}
		s := spot{l, c.next, c.number, isSeal(l.text)}
		if !s.seal {
			c.next++
		}
		return s, nil
	}
}

func (c *cursor) open() error {
	if c.number >= len(c.folder.segments) {
		return io.EOF
	}
	s := c.folder.segments[c.number]
	file, err := c.folder.open(s.name())
	if err != nil {
		return reading(err)
	}
	c.file, c.lines, c.next = file, newLines(file), s.first
	return nil
}

// Close gives the open file back. The cursor may go on.
func (c *cursor) Close() {
	if c.file != nil {
		c.file.Close()
	}
	c.file, c.lines = nil, nil
}

// reading says what failed, but for the end.
func reading(err error) error {
	if err == io.EOF {
		return err
	}
	return fmt.Errorf("reading the log: %w", err)
}
