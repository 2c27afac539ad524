package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"bulkhead/host/safefile"
	"bulkhead/host/strictjson"
)

// A Cursor is how far a log has been exported.
type Cursor struct {
	Origin string `json:"origin"` // of the log
	Index  uint64 `json:"index"`  // of the next entry
	Hash   string `json:"hash"`   // of the entry before it, "" if Index is 0
}

const maxCursor = 4 << 10

func (c Cursor) check() error {
	if c.Origin == "" || (c.Index == 0) != (c.Hash == "") {
		return errors.New("it names no place in a log")
	}
	return nil
}

// ReadCursor reads a cursor file: exactly one JSON object with exactly the members of Cursor. A missing file is
// os.ErrNotExist.
func ReadCursor(path string) (Cursor, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return Cursor{}, fmt.Errorf("reading the cursor: %w", err)
	}
	defer root.Close()
	data, _, err := safefile.Read(root, filepath.Base(path), maxCursor)
	if err != nil {
		return Cursor{}, fmt.Errorf("reading the cursor: %w", err)
	}
	var c Cursor
	if err := strictjson.Decode(data, &c); err != nil {
		return Cursor{}, fmt.Errorf("reading the cursor %s: %w", path, err)
	}
	if err := c.check(); err != nil {
		return Cursor{}, fmt.Errorf("reading the cursor %s: %w", path, err)
	}
	return c, nil
}

// A CursorFile is where one exporter keeps its cursor.
type CursorFile struct {
	root *os.Root
	name string
	lock *os.File
}

// OpenCursor opens the cursor file at path, which need not exist, for one exporter at a time. The caller closes it.
func OpenCursor(path string) (*CursorFile, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("opening the cursor: %w", err)
	}
	f := &CursorFile{root: root, name: filepath.Base(path)}
	f.lock, err = root.OpenFile(f.name+".lock", os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0o600)
	if err == nil {
		err = safefile.Lock(f.lock)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the cursor %s: %w", path, err), f.Close())
	}
	return f, nil
}

// Save replaces the cursor. When it returns nil that is durable; after a crash at any moment the file has the old cursor
// or the new. It MUST be called only after what the cursor has passed is durable itself.
func (f *CursorFile) Save(c Cursor) error {
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encoding the cursor: %w", err)
	}
	if err := safefile.Replace(f.root, f.name, append(data, '\n')); err != nil {
		return fmt.Errorf("saving the cursor: %w", err)
	}
	return nil
}

// Close lets another exporter have the file.
func (f *CursorFile) Close() error {
	var err error
	if f.lock != nil {
		err = f.lock.Close()
	}
	return errors.Join(err, f.root.Close())
}
