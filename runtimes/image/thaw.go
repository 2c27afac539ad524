package image

import (
	"encoding/binary"
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A View is what one memory has mapped. Its zero value is nothing.
type View struct {
	image   *Image // over all of the memory, if any
	entries []byte // of pagemap
}

// Thaw makes a memory equal to an image of its size. The first time it maps the image over the memory, at the same address;
// then it puts back the pages that were written to. The error says that the memory is good for nothing now.
func (v *View) Thaw(memory []byte, m *Image) error {
	if len(m.content) != len(memory) {
		return errors.New("the snapshot is of another memory")
	}
	if v.image == m {
		return v.thaw(memory)
	}
	_, err := unix.MmapPtr(m.file, 0, unsafe.Pointer(unsafe.SliceData(memory)), uintptr(len(memory)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED)
	if err == nil {
		v.image = m
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

// own reports whether an entry is of a page that was written to.
func own(entry []byte) bool {
	e := binary.NativeEndian.Uint64(entry)
	return e&(present|swapped) != 0 && e&ofTheFile == 0
}

// truthful tries whether pagemap tells a page that was written to from one of the file. A kernel, or what stands in for one,
// that does not would leave one call's memory to the next.
func truthful(pagemap, file int) bool {
	page, err := unix.Mmap(file, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		return false
	}
	defer unix.Munmap(page)
	var before, after [entrySize]byte
	first := page[0]
	_, err = unix.Pread(pagemap, before[:], firstEntry(page))
	page[0] = first + 1
	_, err2 := unix.Pread(pagemap, after[:], firstEntry(page))
	return err == nil && err2 == nil && !own(before[:]) && own(after[:])
}

// thaw copies back the pages that were written to: that takes a tenth of the time of dropping all and faulting those in
// again that the next call needs. Where many are written to all are dropped, for the sake of later calls and other instances.
func (v *View) thaw(front []byte) error {
	page := os.Getpagesize()
	if v.image.pagemap < 0 {
		return unix.Madvise(front, unix.MADV_DONTNEED)
	}
	if v.entries == nil {
		v.entries = make([]byte, min(len(front)/page, maxEntries)*entrySize)
	}
	first := firstEntry(front)
	dirty, most := 0, min(len(front)/page/2, maxCopied)
	for at := 0; at < len(front); {
		entries := v.entries[:min(len(v.entries), (len(front)-at)/page*entrySize)]
		if n, err := unix.Pread(v.image.pagemap, entries, first+int64(at/page*entrySize)); n < len(entries) {
			return errors.Join(errors.New("reading pagemap"), err)
		}
		for ; len(entries) > 0; entries, at = entries[entrySize:], at+page {
			if own(entries) {
				if dirty++; dirty > most {
					return unix.Madvise(front, unix.MADV_DONTNEED)
				}
				copy(front[at:at+page], v.image.content[at:])
			}
		}
	}
	return nil
}

// maxCopied is how many pages are copied back. A page that was copied stays the instance's own and is copied each time from
// then on, so that one call which writes to very much would slow down all that come after it.
const maxCopied = 4096

// maxEntries is how many entries are read at once: those of 8 MiB.
const maxEntries = 2048
