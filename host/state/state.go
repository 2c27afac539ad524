// Package state owns the host's state directory: one host at a time, nobody else's business, files replaced whole.
package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"bulkhead/host/safefile"
)

// ErrLocked is returned by Open for a folder in use.
var ErrLocked = errors.New("another host uses this state directory")

// lockName is the file whose lock means "in use". It is never removed: a removed lock file can be locked twice.
const lockName = "lock"

// A Dir is an open state directory. While it is open, no other Open of the same folder succeeds on this machine.
type Dir struct {
	path string
	root *os.Root
	lock *os.File
}

// Open opens the folder at path, which it creates with mode 0700 if there is none; parents must exist. The folder must
// be a directory and no symbolic link, owned by the host's user and closed to everybody else (safefile.ErrUnsafe), and in nobody
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

// openFolder opens the folder, which it makes if there is none.
func openFolder(path string) (*os.Root, error) {
	if err := os.Mkdir(path, 0o700); err == nil {
		if err := syncFolder(filepath.Dir(path)); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return safefile.OpenPrivate(path)
}

func syncFolder(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
