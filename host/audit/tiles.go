package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/safefile"
)

// tiles brings full tiles to the disk, beside the log's own work: entries alone must be durable before anybody acts on
// them, and every tile can be computed from them.
type tiles struct {
	root *os.Root

	mu      sync.Mutex
	changed *sync.Cond
	waiting []tree.Full // on the way to the disk, oldest first
	failure error
	ended   bool
	done    chan struct{}
}

// newTiles starts the goroutine that writes. close must be called.
func newTiles(root *os.Root) *tiles {
	t := &tiles{root: root, done: make(chan struct{})}
	t.changed = sync.NewCond(&t.mu)
	go t.run()
	return t
}

// keep takes tiles. It does not wait for the disk.
func (t *tiles) keep(full []tree.Full) {
	if len(full) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, full...)
	t.changed.Broadcast()
}

func (t *tiles) run() {
	defer close(t.done)
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		for len(t.waiting) == 0 && !t.ended {
			t.changed.Wait()
		}
		if len(t.waiting) == 0 || t.failure != nil {
			return
		}
		next := t.waiting[0]
		t.mu.Unlock()
		err := writeTile(t.root, next)
		t.mu.Lock()
		if err != nil {
			t.failure = fmt.Errorf("writing %s: %w", next.Path(), err)
		} else {
			t.waiting = t.waiting[1:]
		}
		t.changed.Broadcast()
	}
}

// settle waits until everything that was kept is durable.
func (t *tiles) settle() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.waiting) > 0 && t.failure == nil {
		t.changed.Wait()
	}
	return t.failure
}

func (t *tiles) err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failure
}

// close writes what is left and ends the goroutine.
func (t *tiles) close() error {
	t.mu.Lock()
	t.ended = true
	t.changed.Broadcast()
	t.mu.Unlock()
	<-t.done
	return t.err()
}

// read returns a full tile.
func (t *tiles) read(tile tree.Tile) ([]byte, error) {
	t.mu.Lock()
	for _, f := range t.waiting {
		if f.Tile == tile {
			t.mu.Unlock()
			return f.Data, nil
		}
	}
	t.mu.Unlock()
	return readTile(t.root, tile)
}

// readTile reads a full tile from the disk.
func readTile(root *os.Root, tile tree.Tile) ([]byte, error) {
	const size = tree.Width * tlog.HashSize
	data, _, err := safefile.Read(root, tile.Path(), size)
	if err == nil && len(data) != size {
		err = fmt.Errorf("%s has %d bytes, not %d", tile.Path(), len(data), size)
	}
	return data, err
}

// writeTile makes a tile durable. One that is there with the same content is left alone.
func writeTile(root *os.Root, f tree.Full) error {
	name := f.Path()
	if data, err := readTile(root, f.Tile); err == nil && bytes.Equal(data, f.Data) {
		return nil
	}
	if err := makeFolders(root, path.Dir(name)); err != nil {
		return err
	}
	folder, err := root.OpenRoot(path.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(safefile.Replace(folder, path.Base(name), f.Data), folder.Close())
}

// makeFolders makes a folder and those around it, durably.
func makeFolders(root *os.Root, name string) error {
	if name == "." {
		return nil
	}
	if info, err := root.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	if err := makeFolders(root, path.Dir(name)); err != nil {
		return err
	}
	if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	around, err := root.OpenRoot(path.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(safefile.Sync(around), around.Close())
}
