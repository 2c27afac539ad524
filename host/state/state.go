// Package state owns the host's state directory: one host at a time, nobody else's business, files replaced whole.
package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"bulkhead/host/safefile"
)

// The reasons why Open refuses, beside failures of the system.
var (
	ErrLocked = errors.New("another host uses this state directory")
	ErrUnsafe = errors.New("state directory is not safe")
)

// lockName is the file whose lock means "in use". It is never removed: a removed lock file can be locked twice.
const lockName = "lock"

// A Dir is an open state directory. While it is open, no other Open of the same folder succeeds on this machine.
type Dir struct {
	path string
	root *os.Root
	lock *os.File
}

// Open opens the folder at path, which it creates with mode 0700 if there is none; parents must exist. The folder must
// be a directory and no symbolic link, owned by the host's user and closed to everybody else (ErrUnsafe), and in nobody
// else's use (ErrLocked). The caller MUST Close it; the lock also ends with the process.
func Open(path string) (*Dir, error) {
	root, err := openFolder(path)
	if err != nil {
		return nil, fmt.Errorf("opening state directory: %w", err)
	}
	lock, err := lockFolder(root)
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("locking state directory %s: %w", path, err)
	}
	return &Dir{path: path, root: root, lock: lock}, nil
}

// Path returns the folder's name, as given to Open.
func (d *Dir) Path() string { return d.path }

// Join returns the path of name in the folder, for those who keep files of their own there.
func (d *Dir) Join(name string) string { return filepath.Join(d.path, name) }

// Close releases the lock. The Dir is of no use afterwards.
func (d *Dir) Close() error { return errors.Join(d.lock.Close(), d.root.Close()) }

// openFolder returns the folder itself, checked after it was opened: what the name means may change, what is open not.
func openFolder(path string) (*os.Root, error) {
	if err := os.Mkdir(path, 0o700); err == nil {
		if err := syncFolder(filepath.Dir(path)); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	named, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !named.IsDir() {
		return nil, fmt.Errorf("%w: %s is no directory", ErrUnsafe, path)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	opened, err := root.Stat(".")
	if err == nil && !os.SameFile(named, opened) {
		err = fmt.Errorf("%w: %s was replaced while it was opened", ErrUnsafe, path)
	}
	if err == nil {
		err = private(path, opened)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// private refuses a folder or file that anybody but the host's user owns or can enter.
func private(path string, info os.FileInfo) error {
	uid, _, ok := safefile.Owner(info)
	if !ok {
		return fmt.Errorf("%w: owner of %s is unknown", ErrUnsafe, path)
	}
	return ownedAndClosed(path, uid, uint32(os.Geteuid()), info.Mode().Perm())
}

func ownedAndClosed(path string, owner, self uint32, mode os.FileMode) error {
	if owner != self {
		return fmt.Errorf("%w: %s belongs to uid %d, the host is uid %d", ErrUnsafe, path, owner, self)
	}
	if mode&0o077 != 0 {
		return fmt.Errorf("%w: %s has mode %04o\nhint: chmod go= %s", ErrUnsafe, path, mode, path)
	}
	return nil
}
