//go:build peers

package crash

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// A device is a block device with a volatile cache: a file system of one file (FUSE, kernel protocol 7.31), which a loop
// device makes a disk of. It remembers every write and every flush in order, so that the power can be cut at any of them
// afterwards. Writes since the last flush before the cut may be lost, each for itself, as the cache of a real disk may lose
// them.
type device struct {
	fd   int
	size int64

	mu   sync.Mutex
	base []byte // what was there first
	data []byte // what is there now
	log  []access
	done chan struct{}
}

// An access is a write, or a flush, which has no data.
type access struct {
	offset int64
	data   []byte
}

const deviceName = "disk"

// newDevice mounts a device with the content of an image on a folder.
func newDevice(t *testing.T, image []byte, at string) *device {
	t.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("opening /dev/fuse: %v", err)
	}
	d := &device{fd: fd, size: int64(len(image)), base: image, data: slices.Clone(image), done: make(chan struct{})}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)
	if err := unix.Mount("crash", at, "fuse", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		t.Fatalf("mounting a file system of our own: %v", err)
	}
	go d.serve()
	t.Cleanup(func() {
		if err := unix.Unmount(at, unix.MNT_DETACH); err != nil {
			t.Errorf("unmounting the device: %v", err)
		}
		<-d.done
		unix.Close(fd)
	})
	return d
}

// mark is how many accesses there were.
func (d *device) mark() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.log)
}

// flushes is how many of the accesses were flushes.
func (d *device) flushes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, a := range d.log {
		if a.data == nil {
			n++
		}
	}
	return n
}

// cut returns what a power cut after so many accesses leaves.
func (d *device) cut(at int, r *rand.Rand) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := slices.Clone(d.base)
	flushed := 0
	for i, a := range d.log[:at] {
		if a.data == nil {
			flushed = i
		}
	}
	for i, a := range d.log[:at] {
		if i < flushed || r.IntN(2) == 0 {
			copy(out[a.offset:], a.data)
		}
	}
	return out
}

// The part of the kernel's protocol that one file needs (linux/fuse.h). All numbers are the machine's, which is little-endian
// wherever this runs.
const (
	fuseLookup   = 1
	fuseForget   = 2
	fuseGetattr  = 3
	fuseSetattr  = 4
	fuseOpen     = 14
	fuseRead     = 15
	fuseWrite    = 16
	fuseStatfs   = 17
	fuseRelease  = 18
	fuseFsync    = 20
	fuseFlush    = 25
	fuseInit     = 26
	fuseOpendir  = 27
	fuseReldir   = 29
	fuseBatch    = 42 // forget many
	fuseMaxWrite = 1 << 20

	fuseBigWrites = 1 << 5
	fuseMaxPages  = 1 << 22
	fuseDirectIO  = 1 // of open: nothing is cached on this side of the device
)

// serve answers the kernel until the file system is unmounted.
func (d *device) serve() {
	defer close(d.done)
	buf := make([]byte, fuseMaxWrite+4096)
	for {
		n, err := unix.Read(d.fd, buf)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ENOENT): // a request was taken back
			continue
		case err != nil || n < 40:
			return
		}
		op, unique := binary.LittleEndian.Uint32(buf[4:]), binary.LittleEndian.Uint64(buf[8:])
		node := binary.LittleEndian.Uint64(buf[16:])
		if op == fuseForget || op == fuseBatch {
			continue
		}
		body, errno := d.answer(op, node, buf[40:n])
		out := binary.LittleEndian.AppendUint32(nil, uint32(16+len(body)))
		out = binary.LittleEndian.AppendUint32(out, uint32(-int32(errno)))
		out = binary.LittleEndian.AppendUint64(out, unique)
		if _, err := unix.Write(d.fd, append(out, body...)); err != nil && !errors.Is(err, unix.ENOENT) {
			return
		}
	}
}

func (d *device) answer(op uint32, node uint64, in []byte) ([]byte, unix.Errno) {
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	switch op {
	case fuseInit:
		return words(7, 31, 0, fuseBigWrites|fuseMaxPages, 16|12<<16, fuseMaxWrite, 1, fuseMaxWrite/4096, 0, 0, 0, 0, 0, 0, 0, 0), 0
	case fuseLookup:
		if name, _, _ := bytes.Cut(in, []byte{0}); string(name) != deviceName {
			return nil, unix.ENOENT
		}
		return append(words(2, 0, 1, 0, 1<<20, 0, 1<<20, 0, 0, 0), d.attributes(2)...), 0
	case fuseGetattr, fuseSetattr:
		return append(words(1<<20, 0, 0, 0), d.attributes(node)...), 0
	case fuseOpen:
		return words(0, 0, fuseDirectIO, 0), 0
	case fuseOpendir:
		return words(0, 0, 0, 0), 0
	case fuseRead:
		return d.read(int64(u64(in[8:])), int64(u32(in[16:]))), 0
	case fuseWrite:
		return d.write(int64(u64(in[8:])), in[40:40+u32(in[16:])]), 0
	case fuseFsync:
		d.mu.Lock()
		defer d.mu.Unlock()
		d.log = append(d.log, access{})
		return nil, 0
	case fuseStatfs:
		return words(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4096, 255, 4096, 0, 0, 0, 0, 0, 0, 0), 0
	case fuseFlush, fuseRelease, fuseReldir:
		return nil, 0
	}
	return nil, unix.ENOSYS
}

func words(w ...uint32) []byte {
	var out []byte
	for _, v := range w {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}

func (d *device) attributes(node uint64) []byte {
	size, mode := uint32(0), uint32(unix.S_IFDIR|0o700)
	if node == 2 {
		size, mode = uint32(d.size), unix.S_IFREG|0o600
	}
	return words(uint32(node), 0, size, 0, size/512, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
}

func (d *device) read(offset, size int64) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	from := min(offset, d.size)
	return slices.Clone(d.data[from:min(d.size, from+size)])
}

func (d *device) write(offset int64, data []byte) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := copy(d.data[min(offset, d.size):], data)
	d.log = append(d.log, access{offset, slices.Clone(data[:n])})
	return words(uint32(n), 0)
}

// emptyDisk returns a new ext4 file system, small and complete: nothing of it is written later in the background.
func emptyDisk(t *testing.T, size int64) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), deviceName)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	must(t, "mkfs.ext4", "-q", "-b", "4096", "-J", "size=8", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", path)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return image
}
