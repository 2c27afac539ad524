package wazero

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes/guest"
)

// An image is a memory in a sealed file in memory, from which instances map what they have not written to.
type image struct {
	file    int
	content []byte // the file, to copy from
	pagemap int    // says which pages an instance has of its own; -1: nobody does
}

const (
	seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	chunk = 64 << 10 // a run of so many zeros stays a hole of the file

	// Below these sizes a copy is faster: putting back only what changed saves a look at the rest, but has a system call;
	// without pagemap all pages are dropped, and each that the next call touches costs a page fault.
	freezeFrom         = 192 << 10
	freezeFromUnmapped = 4 << 20
)

// Freeze implements guest.Freezer.
func (i *instance) Freeze() (guest.Image, error) {
	now := i.memory.bytes()
	if len(now) < freezeFrom {
		return nil, errors.New("a copy is faster")
	}
	m := &image{file: -1, pagemap: -1}
	if err := m.take(i.code.Config, now); err != nil {
		m.Close()
		return nil, fmt.Errorf("freezing a memory of %d bytes: %w", len(now), err)
	}
	return m, nil
}

func (m *image) take(c Config, now []byte) (err error) {
	if m.pagemap, err = c.Pagemap(); err != nil {
		m.pagemap = -1
		if len(now) < freezeFromUnmapped {
			return err
		}
	}
	if m.file, err = c.Memfd("snapshot", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING); err != nil {
		m.file = -1
		return err
	}
	if err := fill(m.file, now); err != nil {
		return err
	}
	m.content, err = unix.Mmap(m.file, 0, len(now), unix.PROT_READ, unix.MAP_PRIVATE)
	return err
}

// fill gives an empty file its content, for ever.
func fill(fd int, content []byte) error {
	if err := unix.Ftruncate(fd, int64(len(content))); err != nil {
		return err
	}
	for at := 0; at < len(content); {
		part := content[at:min(at+chunk, len(content))]
		n := len(part)
		if bytes.Count(part, []byte{0}) < n {
			var err error
			if n, err = unix.Pwrite(fd, part, int64(at)); err != nil {
				return err
			}
		}
		at += n
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals)
	return err
}

// Close implements guest.Image. What instances have mapped stays.
func (m *image) Close() error {
	if m.content != nil {
		unix.Munmap(m.content)
	}
	for _, fd := range []int{m.file, m.pagemap} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	return nil
}
