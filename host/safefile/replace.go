package safefile

import (
	"errors"
	"os"
)

// TempSuffix is what Replace adds to a name while it writes. A crash leaves such a file, which the next Replace of the
// same name removes.
const TempSuffix = ".new"

// Replace gives the file name of root, mode 0600, a new content. When it returns nil that is durable; after a crash at any
// moment the file holds the old content or the new, never a mixture. Whatever has the name now is replaced and never
// written to, a link too. Two must not replace one name at the same time.
func Replace(root *os.Root, name string, data []byte) error {
	temp := name + TempSuffix
	if err := root.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	err := create(root, temp, data)
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		_ = root.Remove(temp) // a full disk needs the room; what cannot be removed the next Replace removes
		return err
	}
	return Sync(root)
}

func create(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Sync makes the names in a folder durable.
func Sync(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
