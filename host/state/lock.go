package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"bulkhead/host/safefile"
)

// lockFolder takes the exclusive lock and leaves the host's process id in the file, for whoever comes second.
func lockFolder(root *os.Root) (*os.File, error) {
	f, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	if err := takeLock(root, f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func takeLock(root *os.Root, f *os.File) error {
	if err := safefile.Lock(f); errors.Is(err, safefile.ErrLocked) {
		return fmt.Errorf("%w%s", ErrLocked, holder(f))
	} else if err != nil {
		return err
	}
	if err := plain(root, lockName, f); err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// plain refuses f unless name is a regular file and that very file: an os.Root follows links that stay inside.
func plain(root *os.Root, name string, f *os.File) error {
	opened, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !named.Mode().IsRegular() || !os.SameFile(named, opened) {
		return fmt.Errorf("%w: %s is no regular file", safefile.ErrUnsafe, name)
	}
	return nil
}

// holder says who holds the lock, if the file tells.
func holder(f *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 20))
	if err != nil {
		return ""
	}
	if pid, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 31); err == nil && pid > 0 {
		return fmt.Sprintf(" (process %d)", pid)
	}
	return ""
}
