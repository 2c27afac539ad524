// Package safefile reads and replaces small files of folders in which somebody else may have put anything. Who may own a
// file, and who may change it, is for the caller to judge by the fs.FileInfo, or for Private.
package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// The reasons why Read refuses a file, beside those of the system.
var (
	ErrIrregular = errors.New("not a regular file") // a link, folder, pipe, socket or device
	ErrTooLarge  = errors.New("too large")
	ErrChanged   = errors.New("changed while it was being read")
)

// Read returns the whole content of the file name of root, at most limit bytes, and what the system says of that very
// file. It never follows a link in the last step of name and never waits for the other end of a pipe. Whoever replaces
// or changes the file meanwhile is seen: ErrChanged. Errors of the system keep their identity (os.ErrNotExist).
func Read(root *os.Root, name string, limit int64) ([]byte, fs.FileInfo, error) {
	named, err := root.Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if !named.Mode().IsRegular() {
		return nil, nil, ErrIrregular
	}
	// O_NONBLOCK: what was a file a moment ago may be a pipe now.
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	opened, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !opened.Mode().IsRegular() || !os.SameFile(named, opened) {
		return nil, nil, ErrChanged
	}
	data, err := readSize(f, opened.Size(), limit)
	return data, opened, err
}

// readSize reads exactly size bytes, and refuses a reader that has fewer or more.
func readSize(r io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrTooLarge, size, limit)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, fmt.Errorf("%w: it shrank or failed", ErrChanged)
	}
	if n, err := io.ReadFull(r, make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, fmt.Errorf("%w: it grew or failed", ErrChanged)
	}
	return data, nil
}

// Owner returns the uid of a file's owner and how many names the file has. ok is false where the system does not tell.
func Owner(info fs.FileInfo) (uid uint32, names uint64, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return st.Uid, uint64(st.Nlink), true
}

// Reason is the text of err without the operation and the path, for callers whose own words name the file.
func Reason(err error) string {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}
