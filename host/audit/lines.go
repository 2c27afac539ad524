package audit

import (
	"bufio"
	"errors"
	"io"
)

// A line is a piece of a log file up to a newline. text is valid until the next one is read.
type line struct {
	text   []byte // without the newline; only a beginning if long
	offset int64
	ended  bool // there was a newline
	long   bool // more than any entry can take
}

// lines reads a log file line by line in bounded memory, whatever is in it.
type lines struct {
	r      *bufio.Reader
	offset int64 // of the next line
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, maxLine)} }

// next returns io.EOF after the last line.
func (l *lines) next() (line, error) {
	text, err := l.r.ReadSlice('\n')
	out := line{text: text, offset: l.offset}
	l.offset += int64(len(text))
	switch {
	case err == nil:
		out.text, out.ended = text[:len(text)-1], true
	case errors.Is(err, bufio.ErrBufferFull):
		out.long = true
		return out, l.skip(&out)
	case err == io.EOF && len(text) > 0:
	default:
		return line{}, err
	}
	return out, nil
}

// skip reads the rest of a long line. The reader's buffer is used again, so the text goes.
func (l *lines) skip(out *line) error {
	out.text = nil
	for {
		rest, err := l.r.ReadSlice('\n')
		l.offset += int64(len(rest))
		switch {
		case err == nil:
			out.ended = true
			return nil
		case err == io.EOF:
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// parse reads the line as a record.
func (l line) parse() (record, error) {
	if l.long || !l.ended {
		return record{}, errForm
	}
	return parseLine(l.text)
}
