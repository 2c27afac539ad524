package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// A line is one message on stdio. One that is too long comes without its bytes.
type line struct {
	data    []byte
	tooLong bool
}

// readLines sends every line that is not blank and closes the channel at the end of input. It never holds more than the
// limit and one buffer.
func readLines(in io.Reader, limit int64, lines chan<- line, closed <-chan struct{}) {
	defer close(lines)
	r := bufio.NewReaderSize(in, 16<<10)
	for {
		l, err := readLine(r, limit)
		if l.tooLong || len(bytes.TrimSpace(l.data)) > 0 {
			select {
			case lines <- l:
			case <-closed:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// readLine returns the line even if an error, as io.EOF, ended it.
func readLine(r *bufio.Reader, limit int64) (l line, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if !l.tooLong {
			l.data = append(l.data, part...)
		}
		if int64(len(bytes.TrimRight(l.data, "\r\n"))) > limit {
			l = line{tooLong: true}
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l, err
		}
	}
}
