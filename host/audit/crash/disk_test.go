//go:build amd64

package crash

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// A disk is a folder on the worst device and file system that POSIX allows: bytes are durable after the fsync of their
// file, a name after the fsync of its folder, and what was not flushed may be there or not, in any order, in parts. Names of
// one folder alone change in order, as in a journal.
type disk struct {
	root    string
	now     map[string]*inode // names, relative to root, as processes see them
	safe    map[string]*inode // names that a power cut leaves
	renames []renaming        // from safe to now
	events  int
	base    int // events before the present process
}

// A renaming is a change of a folder's names.
type renaming struct {
	event      int
	folder     string
	add, strip string // names; empty: none
	node       *inode
}

type inode struct {
	folder bool
	safe   []byte
	writes []patch // from safe to what processes see
}

// A patch is a change of a file's bytes.
type patch struct {
	event  int
	offset int64
	data   []byte
	size   int64 // -1: as the data needs
	cut    bool  // to size; otherwise up to it
}

// newDisk holds what is in a folder now, all of it durable.
func newDisk(root string) (*disk, error) {
	d := &disk{root: root, now: map[string]*inode{}}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		node := &inode{folder: entry.IsDir()}
		if !node.folder {
			if node.safe, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		d.now[d.name(path)] = node
		return nil
	})
	d.safe = maps.Clone(d.now)
	return d, err
}

// restart goes on with the calls of another process, whose folder is a copy of what processes see.
func (d *disk) restart(root string) { d.root, d.base = root, d.events }

func (d *disk) name(path string) string {
	name, err := filepath.Rel(d.root, path)
	if err != nil {
		panic(err) // both are absolute
	}
	return name
}

// do takes the next event of a trace.
func (d *disk) do(e event) error {
	d.events++
	if e.Call == said || e.Result < 0 {
		return nil
	}
	name := d.name(e.Path)
	node := d.now[name]
	switch e.Call {
	case "unknown":
		return fmt.Errorf("a call that the suite does not know touched %s", name)
	case "mkdirat":
		d.rename(renaming{add: name, node: &inode{folder: true}})
	case "unlinkat":
		d.rename(renaming{strip: name})
	case "rename":
		d.rename(renaming{strip: name, add: d.name(e.To), node: node})
	case "openat":
		d.open(name, node, e.Flags)
	case "write", "pwrite64":
		return node.patch(name, patch{event: d.events, offset: e.Offset, data: e.Data, size: -1})
	case "ftruncate":
		return node.patch(name, patch{event: d.events, size: e.Offset, cut: true})
	case "fallocate":
		if e.Flags&unix.FALLOC_FL_KEEP_SIZE == 0 {
			return node.patch(name, patch{event: d.events, size: e.Offset + e.Size})
		}
	case "fsync", "fdatasync":
		d.flush(name, node, d.base+e.Began)
	}
	return nil
}

func (d *disk) open(name string, node *inode, flags int) {
	switch {
	case node == nil && flags&unix.O_CREAT != 0:
		d.rename(renaming{add: name, node: &inode{}})
	case node != nil && flags&unix.O_TRUNC != 0:
		node.writes = append(node.writes, patch{event: d.events, cut: true})
	}
}

func (n *inode) patch(name string, p patch) error {
	if n == nil || p.offset < 0 {
		return fmt.Errorf("a write to %s, which the suite cannot follow", name)
	}
	n.writes = append(n.writes, p)
	return nil
}

func (d *disk) rename(r renaming) {
	r.event = d.events
	r.folder = filepath.Dir(r.add + r.strip)
	if r.add != "" {
		r.folder = filepath.Dir(r.add)
	}
	r.do(d.now)
	d.renames = append(d.renames, r)
}

func (r renaming) do(names map[string]*inode) {
	if r.strip != "" {
		delete(names, r.strip)
	}
	if r.add != "" {
		names[r.add] = r.node
	}
}

// flush makes durable what was there when the flush began.
func (d *disk) flush(name string, node *inode, began int) {
	if node == nil {
		return
	}
	if !node.folder {
		done := slices.IndexFunc(node.writes, func(p patch) bool { return p.event > began })
		if done < 0 {
			done = len(node.writes)
		}
		for _, p := range node.writes[:done] {
			node.safe = p.do(node.safe)
		}
		node.writes = slices.Clone(node.writes[done:])
		return
	}
	var left []renaming
	for _, r := range d.renames {
		if r.folder == name && r.event <= began {
			r.do(d.safe)
		} else {
			left = append(left, r)
		}
	}
	d.renames = left
}

func (p patch) do(data []byte) []byte {
	end := p.offset + int64(len(p.data))
	if p.size >= 0 {
		end = p.size
	}
	out := slices.Clone(data)
	if int64(len(out)) < end {
		out = append(out, make([]byte, end-int64(len(out)))...)
	}
	if p.cut {
		return out[:end]
	}
	copy(out[p.offset:], p.data)
	return out
}

// A loss says what a power cut takes of what was not flushed.
type loss string

// The losses.
const (
	loseNothing loss = "nothing"
	loseAll     loss = "all"
	loseNames   loss = "names"
	loseBytes   loss = "bytes"
	loseSome    loss = "some"
)

func losses() []loss { return []loss{loseNothing, loseAll, loseNames, loseBytes, loseSome} }

// sector is what a device writes as a whole.
const sector = 512

// cut writes what a power cut would leave now into a folder.
func (d *disk) cut(to string, l loss, r *rand.Rand) error {
	names := maps.Clone(d.safe)
	stopped := map[string]bool{}
	for _, change := range d.renames {
		if l == loseAll || l == loseNames || l == loseSome && r.IntN(4) == 0 {
			stopped[change.folder] = true
		}
		if !stopped[change.folder] {
			change.do(names)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) { // folders come before what is in them
		node := names[name]
		path := filepath.Join(to, name)
		if parent := names[filepath.Dir(name)]; name != "." && (parent == nil || !parent.folder) {
			delete(names, name) // in a folder that is lost
			continue
		}
		var err error
		if node.folder {
			err = os.MkdirAll(path, 0o700)
		} else {
			err = os.WriteFile(path, node.left(l, r), 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// left is what is left of a file.
func (n *inode) left(l loss, r *rand.Rand) []byte {
	data := n.safe
	for _, p := range n.writes {
		switch {
		case l == loseAll || l == loseBytes:
		case l == loseNothing || l == loseNames || r.IntN(3) == 0:
			data = p.do(data)
		case r.IntN(2) == 0 && !p.cut:
			data = p.torn(r).do(data)
		}
	}
	return data
}

// torn is a patch of which some sectors never reached the device: they have zeros, or the file ends before them.
func (p patch) torn(r *rand.Rand) patch {
	p.data = slices.Clone(p.data)
	if r.IntN(2) == 0 {
		p.data = p.data[:r.IntN(len(p.data)+1)]
		return p
	}
	for from := int64(0); from < int64(len(p.data)); {
		to := min(int64(len(p.data)), from+sector-(p.offset+from)%sector)
		if r.IntN(2) == 0 {
			clear(p.data[from:to])
		}
		from = to
	}
	return p
}
