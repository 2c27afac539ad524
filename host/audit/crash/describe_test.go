//go:build amd64

package crash

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// describe fills in what a call is about, and reports whether it is about the log or says something.
func (t *tracer) describe(e *event, r *registers) bool {
	a := r.args()
	fds, names := targets(r.call(), a)
	if names == nil {
		path, err := os.Readlink(t.proc("fd", fds[0]))
		if err != nil {
			return false
		}
		e.Path = path
		if fds[0] == 1 && e.Call == "write" {
			e.Call = said
			e.Data = t.read(a[1], int(a[2]))
			return true
		}
	}
	for i, name := range names {
		path := t.resolve(fds[i], name)
		if i == 0 {
			e.Path = path
		} else {
			e.To = path
		}
	}
	if !t.inside(e.Path) && !t.inside(e.To) {
		return false
	}
	t.details(e, a, fds[0])
	return true
}

// details are the other arguments that replay needs.
func (t *tracer) details(e *event, a [6]uint64, fd int) {
	switch e.Call {
	case "openat", "unlinkat":
		e.Flags = int(a[2])
	case "write":
		e.Data, e.Offset = t.read(a[1], int(a[2])), t.position(fd)
	case "pwrite64":
		e.Data, e.Offset = t.read(a[1], int(a[2])), int64(a[3])
	case "ftruncate":
		e.Offset = int64(a[1])
	case "fallocate":
		e.Flags, e.Offset, e.Size = int(a[1]), int64(a[2]), int64(a[3])
	case "mmap":
		if a[2]&unix.PROT_WRITE != 0 && a[3]&unix.MAP_SHARED != 0 {
			e.Call = "unknown"
		}
	}
}

func (t *tracer) inside(path string) bool {
	return path == t.order.Job.Dir || strings.HasPrefix(path, t.order.Job.Dir+"/")
}

func (t *tracer) proc(kind string, fd int) string {
	return fmt.Sprintf("/proc/%d/%s/%d", t.pid, kind, fd)
}

// resolve returns the absolute path that a name in the child's memory means, relative to a descriptor.
func (t *tracer) resolve(fd int, address uint64) string {
	name, _, _ := bytes.Cut(t.read(address, 4096), []byte{0})
	if filepath.IsAbs(string(name)) {
		return filepath.Clean(string(name))
	}
	base := fmt.Sprintf("/proc/%d/cwd", t.pid)
	if fd != unix.AT_FDCWD {
		base = t.proc("fd", fd)
	}
	dir, _ := os.Readlink(base)
	return filepath.Join(dir, string(name))
}

// read returns bytes of the child's memory, fewer at the end of a mapping.
func (t *tracer) read(address uint64, n int) []byte {
	data := make([]byte, n)
	got, err := t.memory.ReadAt(data, int64(address))
	if err != nil && err != io.EOF && got == 0 {
		return nil
	}
	return data[:got]
}

// position is where the next write to a descriptor goes.
func (t *tracer) position(fd int) int64 {
	data, err := os.ReadFile(t.proc("fdinfo", fd))
	if err != nil {
		return -1
	}
	var pos int64
	var flags int
	if _, err := fmt.Sscanf(string(data), "pos:\t%d\nflags:\t%o", &pos, &flags); err != nil {
		return -1
	}
	if flags&unix.O_APPEND != 0 {
		if info, err := os.Stat(t.proc("fd", fd)); err == nil {
			return info.Size()
		}
		return -1
	}
	return pos
}
