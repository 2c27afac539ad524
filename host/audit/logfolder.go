package audit

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/keys"
	"bulkhead/host/safefile"
)

// A folder is a log's folder for reading: the segments that it had when it was opened or listed last. A host may write to
// it meanwhile. Nothing is read from outside of it, whatever links it holds.
type folder struct {
	root     *os.Root
	segments []segment // by their first entries
}

// A segment is a file of the log.
type segment struct {
	first uint64 // index of its first entry
	size  int64  // when the folder was listed; it may have grown
}

func (s segment) name() string { return segmentName(s.first) }

// ErrFormer refuses a log of an earlier version.
var ErrFormer = errors.New("this is a log of an earlier version")

// ErrNoLog says that a folder holds no log.
var ErrNoLog = errors.New("there is no log")

// Exists returns nil if there is a log in dir, and otherwise ErrFormer, ErrNoLog or what the system says.
func Exists(dir string) error {
	f, err := openFolder(dir)
	if err != nil {
		return err
	}
	return f.Close()
}

// openFolder opens the log in dir for reading. The caller closes it.
func openFolder(dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, former(dir, err)
	}
	f := &folder{root: root}
	if err := f.list(); err != nil {
		root.Close()
		return nil, err
	}
	if len(f.segments) == 0 {
		root.Close()
		return nil, former(dir, fmt.Errorf("%w: %s has no segments", ErrNoLog, dir))
	}
	return f, nil
}

// former says so instead of err if there is a log of an earlier version.
func former(dir string, err error) error {
	for _, old := range []string{dir, filepath.Join(dir, oldName), filepath.Join(filepath.Dir(dir), oldName)} {
		if info, no := os.Lstat(old); no == nil && info.Mode().IsRegular() && filepath.Base(old) == oldName {
			return fmt.Errorf("%w: %s\nhint: move it away; its entries stay readable as lines of JSON", ErrFormer, old)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrNoLog, err)
	}
	return err
}

// list looks for the segments.
func (f *folder) list() error {
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	f.segments = f.segments[:0]
	for {
		names, err := dir.ReadDir(256)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("listing the log: %w", err)
		}
		for _, d := range names {
			if err := f.add(d); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(f.segments, func(a, b segment) int { return cmp.Compare(a.first, b.first) })
	return nil
}

func (f *folder) add(d fs.DirEntry) error {
	first, ok := parseSegment(d.Name())
	if !ok {
		return nil
	}
	info, err := d.Info()
	if errors.Is(err, fs.ErrNotExist) { // pruned meanwhile
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing the log: %w", err)
	}
	f.segments = append(f.segments, segment{first, info.Size()})
	return nil
}

func (f *folder) Close() error { return f.root.Close() }

// find returns the number of the segment that has an entry, if it is there. An index behind the end is in the last one.
func (f *folder) find(index uint64) (n int, ok bool) {
	i, exact := slices.BinarySearchFunc(f.segments, index, func(s segment, index uint64) int { return cmp.Compare(s.first, index) })
	if exact {
		return i, true
	}
	return i - 1, i > 0
}

// open opens a plain file in the folder. It never waits for anybody, and follows no link: a root keeps links inside of the
// folder, but O_NOFOLLOW means nothing to it.
func (f *folder) open(name string) (*os.File, error) {
	named, err := f.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	file, err := f.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	opened, err := file.Stat()
	switch {
	case err != nil:
	case !opened.Mode().IsRegular() || !named.Mode().IsRegular():
		err = fmt.Errorf("%s is not a regular file", name)
	case !os.SameFile(named, opened):
		err = fmt.Errorf("%s: %w", name, safefile.ErrChanged)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// read returns a small file's content.
func (f *folder) read(name string, limit int) ([]byte, error) {
	file, err := f.open(name)
	for try := 1; errors.Is(err, safefile.ErrChanged) && try < moves; try++ { // hosts replace such files
		file, err = f.open(name)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return data, err
}

// tile reads the first t.W hashes of a full tile. A missing one is fs.ErrNotExist.
func (f *folder) tile(t tree.Tile) ([]byte, error) {
	data, err := readTile(f.root, tree.Tile{L: t.L, N: t.N, W: tree.Width})
	if err != nil {
		return nil, err
	}
	return data[:t.W*tlog.HashSize], nil
}

// compare holds a full tile against the one on the disk. A missing one is counted: it proves nothing wrong, and the entries
// can give it back.
func (f *folder) compare(t tree.Tile, want []byte) (wrong *Problem, missing uint64) {
	data, err := f.tile(t)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 1
	case err != nil:
		return problem(ClassMistiled, t.N<<(tree.Height*(t.L+1)), "%v", err), 0
	}
	return compareTile(t, data, want), 0
}

func compareTile(t tree.Tile, have, want []byte) *Problem {
	for i := range tree.Width {
		at := i * tlog.HashSize
		if !bytes.Equal(have[at:at+tlog.HashSize], want[at:at+tlog.HashSize]) {
			index := (t.N*tree.Width + uint64(i)) << (tree.Height * t.L)
			return problem(ClassMistiled, index, "%s has another hash for what begins there", t.Path())
		}
	}
	return nil
}

// tiled returns how many entries the tiles on the disk speak of: those of level 0 from the last segment's beginning on.
func (f *folder) tiled() uint64 {
	n := f.segments[len(f.segments)-1].first / tree.Width
	for {
		info, err := f.root.Lstat(tree.Tile{L: 0, N: n, W: tree.Width}.Path())
		if err != nil || !info.Mode().IsRegular() {
			return n * tree.Width
		}
		n++
	}
}

// foreignKey says so if the folder's copy of the public key is not the one that the log is checked with.
func (f *folder) foreignKey(v *checkpoint.Verifier) error {
	if v == nil {
		return nil
	}
	if _, err := f.root.Lstat(PublicName); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	path := filepath.Join(f.root.Name(), PublicName)
	key, err := keys.ReadAuditPublic(path)
	for try := 1; errors.Is(err, safefile.ErrChanged) && try < moves; try++ { // a start replaces it
		key, err = keys.ReadAuditPublic(path)
	}
	if err == nil && key.KeyID != v.Key().KeyID {
		err = errors.New("it is the key of another log")
	}
	return err
}
