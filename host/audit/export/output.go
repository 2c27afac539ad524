package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"bulkhead/host/safefile"
)

// An Output takes records. What Write returned nil for is durable, as far as the output can be.
type Output struct {
	file  *os.File
	Fresh bool // nothing has been written to it yet
	sync  bool
	owned bool
}

// OpenOutput opens a file to append to, mode 0600 if it is new, for one exporter at a time. A last line without end, which
// a crash left, is cut: it comes again. A pipe or a device gets what it gets.
func OpenOutput(path string) (*Output, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the output: %w", err)
	}
	o, err := newOutput(f, true)
	if err == nil && o.sync {
		err = o.prepare(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the output %s: %w", path, err), f.Close())
	}
	return o, nil
}

// StreamOutput writes to an open file, such as standard output, which stays open.
func StreamOutput(f *os.File) (*Output, error) { return newOutput(f, false) }

func newOutput(f *os.File, owned bool) (*Output, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	regular := info.Mode().IsRegular()
	return &Output{file: f, Fresh: !regular || info.Size() == 0, sync: regular, owned: owned}, nil
}

// prepare takes the file for this exporter alone, mends its end, and makes its name durable.
func (o *Output) prepare(folder string) error {
	if err := safefile.Lock(o.file); err != nil {
		return err
	}
	end, err := lastLineEnd(o.file)
	if err != nil {
		return err
	}
	if err := o.file.Truncate(end); err != nil {
		return err
	}
	o.Fresh = end == 0
	dir, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// lastLineEnd returns the offset behind the last newline, 0 if there is none.
func lastLineEnd(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	data := make([]byte, 64<<10)
	for end := info.Size(); end > 0; {
		part := data[:min(end, int64(len(data)))]
		begin := end - int64(len(part))
		if _, err := f.ReadAt(part, begin); err != nil && err != io.EOF {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return begin + int64(i) + 1, nil
		}
		end = begin
	}
	return 0, nil
}

// Write writes and flushes.
func (o *Output) Write(data []byte) (int, error) {
	n, err := o.file.Write(data)
	if err == nil && o.sync {
		err = o.file.Sync()
	}
	if err != nil {
		return n, fmt.Errorf("writing the output: %w", err)
	}
	o.Fresh = false
	return n, nil
}

// Close closes a file that OpenOutput opened.
func (o *Output) Close() error {
	if !o.owned {
		return nil
	}
	return o.file.Close()
}
