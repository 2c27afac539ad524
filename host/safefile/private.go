package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrUnsafe says that somebody else than this process's user owns, or may enter, what must be nobody else's.
var ErrUnsafe = errors.New("not safe")

// OpenPrivate opens the folder at path, itself and no link to it. It must be Private. A missing one is os.ErrNotExist.
func OpenPrivate(path string) (*os.Root, error) {
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
	if err := checkFolder(root, path, named); err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// checkFolder looks at the folder after it was opened: what the name means may change, what is open not.
func checkFolder(root *os.Root, path string, named fs.FileInfo) error {
	opened, err := root.Stat(".")
	if err != nil {
		return err
	}
	if !os.SameFile(named, opened) {
		return fmt.Errorf("%w: %s was replaced while it was opened", ErrUnsafe, path)
	}
	return Private(path, opened)
}

// Private refuses, with ErrUnsafe, a file or folder that anybody but this process's user owns or has any right to. path
// is what the error calls it.
func Private(path string, info fs.FileInfo) error {
	uid, _, ok := Owner(info)
	if !ok {
		return fmt.Errorf("%w: owner of %s is unknown", ErrUnsafe, path)
	}
	return ownedAndClosed(path, uid, uint32(os.Geteuid()), info.Mode().Perm())
}

func ownedAndClosed(path string, owner, self uint32, mode fs.FileMode) error {
	if owner != self {
		return fmt.Errorf("%w: %s belongs to uid %d, the host is uid %d", ErrUnsafe, path, owner, self)
	}
	if mode&0o077 != 0 {
		return fmt.Errorf("%w: %s has mode %04o\nhint: chmod go= %s", ErrUnsafe, path, mode, path)
	}
	return nil
}
