package wazero

import (
	"encoding/binary"
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes/guest"
)

// Thaw implements guest.Freezer. The first time it maps the image over the memory, at the same address; then it puts back
// the pages that the guest has written to.
func (i *instance) Thaw(frozen guest.Image) error {
	m, ok := frozen.(*image)
	if !ok || len(m.content) != i.memory.size {
		return errors.New("the snapshot is of another memory")
	}
	if i.memory.image == m {
		return i.memory.thaw()
	}
	front := i.memory.bytes()
	_, err := unix.MmapPtr(m.file, 0, unsafe.Pointer(unsafe.SliceData(front)), uintptr(len(front)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED)
	if err == nil {
		i.memory.image = m
	}
	return err
}

// An entry of pagemap describes one page (proc_pid_pagemap(5)). A page of a private mapping of a file that is somewhere
// and is not the file's is one that was written to.
const (
	present   = 1 << 63
	swapped   = 1 << 62
	ofTheFile = 1 << 61
	entrySize = 8
)

func openPagemap() (int, error) {
	return unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// firstEntry is where the entries of a memory begin in pagemap.
func firstEntry(memory []byte) int64 {
	return int64(uintptr(unsafe.Pointer(unsafe.SliceData(memory)))) / int64(os.Getpagesize()) * entrySize
}

// readable tries whether pagemap can be read: it may be open in a sandbox that does not let it.
func readable(pagemap int, memory []byte) error {
	var entry [entrySize]byte
	_, err := unix.Pread(pagemap, entry[:], firstEntry(memory))
	return err
}

// thaw copies back the pages that were written to: that takes a tenth of the time of dropping all and faulting those in
// again that the next call needs. Where most are written to they are dropped, for the sake of other instances.
func (m *memory) thaw() error {
	front, page := m.bytes(), os.Getpagesize()
	if m.image.pagemap < 0 {
		return unix.Madvise(front, unix.MADV_DONTNEED)
	}
	if m.entries == nil {
		m.entries = make([]byte, min(len(front)/page, maxEntries)*entrySize)
	}
	first := firstEntry(front)
	dirty := 0
	for at := 0; at < len(front); {
		entries := m.entries[:min(len(m.entries), (len(front)-at)/page*entrySize)]
		if n, err := unix.Pread(m.image.pagemap, entries, first+int64(at/page*entrySize)); n < len(entries) {
			return errors.Join(errors.New("reading pagemap"), err)
		}
		for ; len(entries) > 0; entries, at = entries[entrySize:], at+page {
			e := binary.NativeEndian.Uint64(entries)
			if e&(present|swapped) != 0 && e&ofTheFile == 0 {
				copy(front[at:at+page], m.image.content[at:])
				dirty++
			}
		}
	}
	if dirty > len(front)/page/2 {
		return unix.Madvise(front, unix.MADV_DONTNEED)
	}
	return nil
}

// maxEntries is how many entries are read at once: those of 8 MiB.
const maxEntries = 2048
