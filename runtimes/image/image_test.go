package image

import (
	"bytes"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// reserve returns a memory of so many pages of 64 KiB.
func reserve(t *testing.T, pages int) []byte {
	t.Helper()
	memory, err := unix.Mmap(-1, 0, pages<<16, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(memory) })
	return memory
}

func freeze(t *testing.T, s Source, memory []byte) *Image {
	t.Helper()
	m, err := s.Freeze(memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// Thaw puts back every byte: of pages written to, of pages read, of all pages, and where nobody knows which.
func TestThaw(t *testing.T) {
	for name, source := range map[string]Source{
		"pagemap": {}, "no pagemap": {Pagemap: func() (int, error) { return -1, os.ErrPermission }},
		"not pagemap": {Pagemap: func() (int, error) { return unix.Open("/proc/self", unix.O_RDONLY|unix.O_CLOEXEC, 0) }},
		"ahead":       ahead(t),
	} {
		t.Run(name, func(t *testing.T) {
			first, second := reserve(t, 200), reserve(t, 200) // more than maxEntries of 4 KiB
			var one, other View
			for at := range first {
				first[at] = byte(at * at >> 9)
			}
			clear(first[1<<20 : 3<<20])
			before := bytes.Clone(first)
			frozen := freeze(t, source, first)
			if n, err := unix.Pwrite(frozen.file, []byte("x"), 0); err == nil || unix.Ftruncate(frozen.file, 1) == nil {
				t.Errorf("the file of the snapshot can be changed: wrote %d bytes", n)
			}
			same := func(what string, v *View, memory []byte) {
				t.Helper()
				if err := v.Thaw(memory, frozen); err != nil || !bytes.Equal(memory, before) {
					t.Errorf("%s: not as it was: %v", what, err)
				}
			}
			same("at first", &one, first)
			same("another memory", &other, second)
			last := len(before) - 1
			for _, at := range []int{0, 4095, 4096, 1 << 20, 8<<20 - 1, 8 << 20, last} {
				first[at]++
				same("one byte", &one, first)
			}
			for _, at := range []int{0, 1 << 20, last} {
				first[at]++
			}
			same("some bytes", &one, first)
			for at := 0; at < len(before); at += 1000 {
				first[at]++
			}
			same("everywhere", &one, first)
			first[last]++
			same("after everywhere", &one, first)
			if !bytes.Equal(second, before) {
				t.Error("what one wrote the other sees")
			}
			if larger := reserve(t, 201); one.Thaw(larger, frozen) == nil {
				t.Error("a memory of another size was thawed")
			}
		})
	}
}

// A call that writes to very much leaves no pages behind that every restore after it has to copy.
func TestThawForgets(t *testing.T) {
	memory, page := reserve(t, 1024), os.Getpagesize()
	frozen := freeze(t, Source{}, memory)
	if frozen.pagemap < 0 {
		return // then every restore forgets all
	}
	var v View
	thaw := func() {
		t.Helper()
		if err := v.Thaw(memory, frozen); err != nil {
			t.Fatal(err)
		}
	}
	thaw()
	for at := 0; at < (maxCopied+1)*page; at += page {
		memory[at] = 1
	}
	thaw()
	entries := make([]byte, len(memory)/page*entrySize)
	if _, err := unix.Pread(frozen.pagemap, entries, firstEntry(memory)); err != nil {
		t.Fatal(err)
	}
	kept := 0
	for ; len(entries) > 0; entries = entries[entrySize:] {
		if own(entries) {
			kept++
		}
	}
	if kept > 0 || bytes.Count(memory, []byte{1}) > 0 {
		t.Errorf("%d pages are the memory's own, %d bytes are left", kept, bytes.Count(memory, []byte{1}))
	}
}

// A pagemap that says nothing, or of other addresses, as an emulator's does, is not believed: pages would stay.
func TestPagemapLies(t *testing.T) {
	lie := func() (int, error) { return makeFile(1 << 50) } // zeros: no page is anywhere
	memory := reserve(t, 128)
	frozen := freeze(t, Source{Pagemap: lie}, memory)
	var v View
	for range 2 {
		if err := v.Thaw(memory, frozen); err != nil {
			t.Fatal(err)
		}
		if memory[5] != 0 {
			t.Fatal("a byte of the call before")
		}
		memory[5] = 1
	}
}

// What is small is copied by others, faster.
func TestSmall(t *testing.T) {
	if m, err := (Source{}).Freeze(reserve(t, 2)); err == nil {
		m.Close()
		t.Error("an image of 128 KiB")
	}
}

// What was opened ahead serves one image, and nobody gets a descriptor that may be another file's by now.
func TestAhead(t *testing.T) {
	before := files(t)
	Ahead(-1)
	if files(t) != before+1 {
		t.Error("not opened ahead")
	}
	file := once(makeFile(1 << 20))
	fd, err := file()
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	if again, err := file(); err == nil {
		t.Errorf("descriptor %d for the second", again)
	}
	if _, err := once(0, os.ErrPermission)(); err == nil {
		t.Error("a descriptor of nothing")
	}
	s, memory := ahead(t), reserve(t, 4)
	freeze(t, s, memory)
	if m, err := s.Freeze(memory); err == nil {
		m.Close()
		t.Error("a second image of what was opened for one")
	}
}

func ahead(t *testing.T) Source {
	t.Helper()
	pagemap, err := openPagemap()
	if err != nil {
		t.Fatal(err)
	}
	return Ahead(pagemap)
}

func files(t *testing.T) int {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
