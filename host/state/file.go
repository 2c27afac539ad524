package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"bulkhead/host/safefile"
)

// Read returns the content of the file name, at most limit bytes. A missing file is os.ErrNotExist; one that is larger,
// no regular file, a link, or anybody else's to write is an error.
func (d *Dir) Read(name string, limit int64) ([]byte, error) {
	data, info, err := safefile.Read(d.root, name, limit)
	if err == nil {
		err = private(d.Join(name), info)
	}
	if err != nil {
		return nil, fmt.Errorf("reading state: %s: %w", name, err)
	}
	return data, nil
}

// Write replaces the file name, mode 0600, by data. When it returns nil the new content is durable; after a crash at any
// moment the file holds the old content or the new, never a mixture.
func (d *Dir) Write(name string, data []byte) error {
	temp := name + ".new"
	if err := d.root.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) { // left by a crash
		return fmt.Errorf("writing state: %w", err)
	}
	err := d.create(temp, data)
	if err == nil {
		err = d.root.Rename(temp, name)
	}
	if err == nil {
		err = d.sync()
	}
	if err != nil {
		return fmt.Errorf("writing state: %w", err)
	}
	return nil
}

func (d *Dir) create(name string, data []byte) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (d *Dir) sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncFolder(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
