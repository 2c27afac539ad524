package state

import (
	"fmt"

	"bulkhead/host/safefile"
)

// Read returns the content of the file name, at most limit bytes. A missing file is os.ErrNotExist; one that is larger,
// no regular file, a link, or anybody else's to write is an error.
func (d *Dir) Read(name string, limit int64) ([]byte, error) {
	data, info, err := safefile.Read(d.root, name, limit)
	if err == nil {
		err = safefile.Private(d.Join(name), info)
	}
	if err != nil {
		return nil, fmt.Errorf("reading state: %s: %w", name, err)
	}
	return data, nil
}

// Write replaces the file name, mode 0600, by data. When it returns nil the new content is durable; after a crash at any
// moment the file holds the old content or the new, never a mixture.
func (d *Dir) Write(name string, data []byte) error {
	if err := safefile.Replace(d.root, name, data); err != nil {
		return fmt.Errorf("writing state: %w", err)
	}
	return nil
}
