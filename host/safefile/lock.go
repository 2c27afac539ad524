package safefile

import (
	"errors"
	"os"
	"syscall"
)

// ErrLocked says that another process, or another open of the same file, holds the lock.
var ErrLocked = errors.New("locked by another process")

// Lock takes the exclusive lock of a file without waiting (flock(2)). Closing the file, or the end of the process, lets it go.
func Lock(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	if err := c.Control(func(fd uintptr) { result = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) }); err != nil {
		return err
	}
	if errors.Is(result, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return result
}
