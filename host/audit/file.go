package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"bulkhead/host/safefile"
)

// file is what the log needs of an *os.File. Tests put faults between.
type file interface {
	io.ReaderAt
	io.Writer // appends, whatever the offset
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	Close() error
}

// openSegment opens a segment to append, creating it with flag os.O_EXCL|os.O_CREATE. What is not a plain file of ours is
// refused.
func openSegment(root *os.Root, name string, flag int) (*os.File, error) {
	// O_NONBLOCK: opening a FIFO must not wait for its other end. It means nothing for a regular file.
	f, err := root.OpenFile(name, os.O_RDWR|os.O_APPEND|unix.O_NOFOLLOW|unix.O_NONBLOCK|flag, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err == nil {
		err = safefile.Private(name, info)
	}
	if err == nil {
		if _, names, ok := safefile.Owner(info); !ok || names != 1 {
			err = fmt.Errorf("%s has %d names, not one", name, names)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// openToRead opens a segment for reading, never waiting for anybody.
func openToRead(root *os.Root, first uint64) (*os.File, error) {
	return root.OpenFile(segmentName(first), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
}

// writeSynced writes data, makes it durable and closes f, whatever happens.
func writeSynced(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes a directory's names durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func ignoringEINTR(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
