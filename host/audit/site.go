package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/export"
	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/safefile"
)

// A Site is a folder with a log as files, for any web server: the whole layout of c2sp.org/tlog-tiles. Its checkpoint is
// written last, after its root has been found to be that of every entry in the folder, so whatever it covers is there and
// is right. Everything but the checkpoint never changes.
type Site struct {
	feed *Feed
	root *os.Root
}

// OpenSite opens the folder dir for the feed's log, and makes it if it is missing. The caller closes it.
func OpenSite(dir string, feed *Feed) (*Site, error) {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the folder for the tiles: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the folder for the tiles: %w", err)
	}
	return &Site{feed, root}, nil
}

// Close gives the folder back.
func (s *Site) Close() error { return s.root.Close() }

// Update brings the folder up to the log's published checkpoint and returns its head. It goes on from the checkpoint that
// is in the folder. One of another history is refused with export.ErrNotThisLog; entries that were pruned before they were
// written are an *export.GapError, unless the folder is new: then it begins with what there is, and has all hashes.
func (s *Site) Update(ctx context.Context) (checkpoint.Head, error) {
	note, head, err := s.feed.Checkpoint()
	if err != nil {
		return checkpoint.Head{}, err
	}
	old, err := s.old(head)
	if err != nil || old != nil && old.Size == head.Size {
		return head, err
	}
	first, _, err := s.feed.Bounds()
	if err != nil {
		return head, err
	}
	u := &update{site: s, old: old, head: head, tree: &tree.Tree{}}
	if err := u.begin(first); err != nil {
		return head, err
	}
	if err := s.feed.Read(ctx, u.tree.Size(), head.Size, u.take); err != nil {
		return head, err
	}
	if err := u.end(); err != nil {
		return head, err
	}
	return head, s.write(CheckpointName, note)
}

// old returns the head of the checkpoint in the folder, nil if there is none.
func (s *Site) old(head checkpoint.Head) (*checkpoint.Head, error) {
	note, _, err := safefile.Read(s.root, CheckpointName, checkpoint.MaxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the folder's checkpoint: %w", err)
	}
	old, err := s.feed.log.Open(note)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: the folder's checkpoint: %w", export.ErrNotThisLog, err)
	case old.Size > head.Size:
		return nil, fmt.Errorf("%w: it has %d entries, the folder %d: it was rolled back", export.ErrNotThisLog, head.Size, old.Size)
	case old.Size == head.Size && old.Root != head.Root:
		return nil, forkedFolder(old.Size)
	}
	return &old, nil
}

func forkedFolder(size uint64) error {
	return fmt.Errorf("%w: its first %d entries are not those of the folder: it was forked", export.ErrNotThisLog, size)
}

// An update is one way from the old head to the new.
type update struct {
	site   *Site
	old    *checkpoint.Head
	head   checkpoint.Head
	tree   *tree.Tree
	bundle []byte // of the entries after the last full one
}

// begin grows the tree up to the first entry that has to be read. first is the oldest that there is.
func (u *update) begin(first uint64) (err error) {
	if u.old == nil {
		return u.hashes(first)
	}
	start := u.old.Size / tree.Width * tree.Width
	if start < first {
		return &export.GapError{From: start, To: first}
	}
	if u.tree, err = tree.Restore(start, func(t tree.Tile) ([]byte, error) { return readTile(u.site.root, t) }); err != nil {
		return fmt.Errorf("reading the folder's tiles: %w", err)
	}
	return u.compare()
}

// hashes takes the hashes of what was pruned from the log's tiles.
func (u *update) hashes(end uint64) error {
	for u.tree.Size() < end {
		t := tree.Tile{L: 0, N: u.tree.Size() / tree.Width, W: tree.Width}
		data, err := readTile(u.site.feed.root, t)
		if err != nil {
			return err
		}
		for ; len(data) > 0; data = data[tlog.HashSize:] {
			if err := u.grow(tlog.Hash(data[:tlog.HashSize])); err != nil {
				return err
			}
		}
	}
	return nil
}

// take adds an entry.
func (u *update) take(e *export.Entry) error {
	u.bundle = binary.BigEndian.AppendUint16(u.bundle, uint16(len(e.Body)))
	u.bundle = append(u.bundle, e.Body...)
	if n := e.Index / tree.Width; e.Index%tree.Width == tree.Width-1 {
		if err := u.site.write(tree.BundlePath(n, tree.Width), u.bundle); err != nil {
			return err
		}
		u.bundle = nil
	}
	return u.grow(tlog.RecordHash(e.Body))
}

// grow adds a hash, and writes the tiles that are full.
func (u *update) grow(leaf tlog.Hash) error {
	_, full, err := u.tree.Append(leaf, nil, nil)
	if err != nil {
		return err
	}
	for _, f := range full {
		if err := u.site.write(f.Path(), f.Data); err != nil {
			return err
		}
	}
	return u.compare()
}

// compare holds the tree against the old head, when it is of that size.
func (u *update) compare() error {
	if u.old != nil && u.tree.Size() == u.old.Size && u.tree.Root() != tlog.Hash(u.old.Root) {
		return forkedFolder(u.old.Size)
	}
	return nil
}

// end holds the tree against the new head, and writes what is not full.
func (u *update) end() error {
	if u.tree.Size() != u.head.Size || u.tree.Root() != tlog.Hash(u.head.Root) {
		return fmt.Errorf("the checkpoint of %d entries is not of the entries that were read\nhint: bin/host audit verify says what is wrong", u.head.Size)
	}
	for level := 0; u.head.Size>>(tree.Height*level) > 0; level++ {
		n := u.head.Size >> (tree.Height * level)
		t := tree.Tile{L: level, N: n / tree.Width, W: int(n % tree.Width)}
		if t.W == 0 {
			continue
		}
		if err := u.site.write(t.Path(), u.tree.Partial(level, t.W)); err != nil {
			return err
		}
	}
	if w := int(u.head.Size % tree.Width); w > 0 {
		return u.site.write(tree.BundlePath(u.head.Size/tree.Width, w), u.bundle)
	}
	return nil
}

// write makes a file durable that anybody may read. One that is there with the same content is left alone.
func (s *Site) write(name string, data []byte) error {
	if old, _, err := safefile.Read(s.root, name, int64(len(data))); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := s.writeNew(name, data); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (s *Site) writeNew(name string, data []byte) error {
	folder, err := s.folder(path.Dir(name))
	if err != nil {
		return err
	}
	defer folder.Close()
	base := path.Base(name)
	temp := base + safefile.TempSuffix
	if err := folder.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := folder.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = folder.Rename(temp, base)
	}
	if err != nil {
		return errors.Join(err, folder.Remove(temp))
	}
	return safefile.Sync(folder)
}

// folder opens a folder of the site, making those on the way durably.
func (s *Site) folder(name string) (*os.Root, error) {
	at, err := s.root.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	for _, part := range strings.Split(name, "/") {
		if part == "." {
			continue
		}
		err := at.Mkdir(part, 0o755)
		if err == nil {
			err = safefile.Sync(at)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, errors.Join(err, at.Close())
		}
		next, err := at.OpenRoot(part)
		if err := errors.Join(err, at.Close()); err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}
