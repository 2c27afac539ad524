// Package image keeps the memory of a started guest as a file, from which instances map what they have not written to, and
// puts a memory back to it in microseconds.
//
// Everything here works on mappings of the caller: a memory MUST begin and end at a page, stay where it is, belong to no
// one else, and rest meanwhile.
package image

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// A Source is what images are made with. Its zero value is the default.
type Source struct {
	// File makes the file of an image: a new one of zeros, at least size bytes. The default is a file in memory.
	File func(size int) (fd int, err error)
	// Pagemap opens /proc/self/pagemap, which is the default. An error means that memories are put back slower, or copied.
	Pagemap func() (fd int, err error)
}

// An Image is a memory in a sealed file in memory.
type Image struct {
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

// Freeze makes an image of a memory as it is. An error means that a copy is the better snapshot.
func (s Source) Freeze(memory []byte) (*Image, error) {
	if len(memory) < freezeFrom {
		return nil, errors.New("a copy is faster")
	}
	m := &Image{file: -1, pagemap: -1}
	if err := m.take(s, memory); err != nil {
		m.Close()
		return nil, fmt.Errorf("freezing a memory of %d bytes: %w", len(memory), err)
	}
	return m, nil
}

func (m *Image) take(s Source, now []byte) (err error) {
	if m.pagemap, err = s.pagemap(); err != nil {
		m.pagemap = -1
	} else if err = readable(m.pagemap, now); err != nil {
		unix.Close(m.pagemap)
		m.pagemap = -1
	}
	if err != nil && len(now) < freezeFromUnmapped {
		return err
	}
	if m.file, err = s.file(len(now)); err != nil {
		m.file = -1
		return err
	}
	if err := write(m.file, now); err != nil {
		return err
	}
	if m.pagemap >= 0 && !truthful(m.pagemap, m.file) {
		unix.Close(m.pagemap)
		if m.pagemap = -1; len(now) < freezeFromUnmapped {
			return errors.New("pagemap does not tell the truth")
		}
	}
	m.content, err = unix.Mmap(m.file, 0, len(now), unix.PROT_READ, unix.MAP_PRIVATE)
	return err
}

// write puts content into a file of zeros. It writes to a mapping: a sandbox may limit the size of files. A seal is one
// more guard against ourselves, where it can be had.
func write(fd int, content []byte) error {
	to, err := unix.Mmap(fd, 0, len(content), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	for at := 0; at < len(content); at += chunk {
		if part := content[at:min(at+chunk, len(content))]; bytes.Count(part, []byte{0}) < len(part) {
			copy(to[at:], part)
		}
	}
	if err := unix.Munmap(to); err != nil {
		return err
	}
	unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals)
	return nil
}

// Close frees the image. What memories have mapped of it stays.
func (m *Image) Close() error {
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
