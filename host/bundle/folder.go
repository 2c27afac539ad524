package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"

	"bulkhead/host/safefile"
)

// Files of a bundle that are the bundle's own.
const (
	WasmFile      = "plugin.wasm"
	RelaxedFile   = "plugin.relaxed.wasm" // of a bundle whose descriptor has relaxed_simd
	envelopeFile  = "plugin.dsse.json"
	statementFile = "plugin.statement.json" // of a bundle that nobody signed yet
)

// Limits of a bundle's files.
const (
	MaxWasm      = 16 << 20 // one module
	MaxBundle    = 64 << 20 // all files but the envelope
	MaxEnvelope  = 1 << 20
	maxStatement = 512 << 10 // leaves room for base64 and signatures
	MaxFiles     = 64        // beside the envelope
)

// A folder is a bundle on disk, opened so that no name in it leads out of it.
type folder struct{ root *os.Root }

func openFolder(dir string) (*folder, error) {
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, errors.New(safefile.Reason(err))
	}
	if !info.IsDir() {
		return nil, errors.New("not a folder")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, errors.New(safefile.Reason(err))
	}
	return &folder{root}, nil
}

func (f *folder) Close() error { return f.root.Close() }

// has reports whether something of this name is there, whatever it is.
func (f *folder) has(name string) bool {
	_, err := f.root.Lstat(name)
	return err == nil
}

// read returns the content of a regular file, read once. The file must be no larger than limit, no link on any step of
// the way, and as large at the end as it was at the start.
func (f *folder) read(name string, limit int64) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("%q leads out of the folder", name)
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if info, err := f.root.Lstat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s: %s is not a folder", name, dir)
		}
	}
	data, _, err := safefile.Read(f.root, name, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", name, safefile.Reason(err))
	}
	return data, nil
}

// list returns the names of all files, sorted, and refuses whatever is neither file nor folder, empty folders, and more
// entries than a bundle can have.
func (f *folder) list() ([]string, error) {
	l := &listing{folder: f}
	err := l.walk(".")
	slices.Sort(l.names)
	return l.names, err
}

type listing struct {
	folder  *folder
	names   []string
	entries int
}

func (l *listing) walk(dir string) error {
	d, err := l.folder.root.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("%s: %s", dir, safefile.Reason(err))
	}
	defer d.Close()
	for before := l.entries; ; {
		list, err := d.ReadDir(MaxFiles)
		for _, e := range list {
			if err := l.add(path.Join(dir, e.Name()), e.Type()); err != nil {
				return err
			}
		}
		if err == io.EOF {
			if l.entries == before {
				return fmt.Errorf("%s is an empty folder", dir)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %s", dir, safefile.Reason(err))
		}
	}
}

func (l *listing) add(name string, mode fs.FileMode) error {
	if l.entries++; l.entries > 2*MaxFiles {
		return fmt.Errorf("more than %d files and folders", 2*MaxFiles)
	}
	switch {
	case mode.IsRegular():
		l.names = append(l.names, name)
		return nil
	case mode.IsDir():
		return l.walk(name)
	}
	return fmt.Errorf("%s is neither file nor folder", name)
}
