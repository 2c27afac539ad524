//go:build amd64

package crash

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// registers are those of a thread that stands before or behind a system call.
type registers struct{ unix.PtraceRegs }

func (r *registers) call() uint64    { return r.Orig_rax }
func (r *registers) args() [6]uint64 { return [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9} }
func (r *registers) skip()           { r.Orig_rax = ^uint64(0) } // no such call: the kernel does nothing
func (r *registers) shorten(n int)   { r.Rdx = uint64(n) }       // the length of a write
func (r *registers) result() int64   { return int64(r.Rax) }
func (r *registers) answer(n int64)  { r.Rax = uint64(n) }

// calls are the system calls that touch a folder's files, by number. Those called "unknown" change files too, and replay
// does not know them.
func calls() map[uint64]string {
	return map[uint64]string{
		unix.SYS_OPENAT: "openat", unix.SYS_MKDIRAT: "mkdirat", unix.SYS_UNLINKAT: "unlinkat",
		unix.SYS_RENAME: "rename", unix.SYS_RENAMEAT: "rename", unix.SYS_RENAMEAT2: "rename",
		unix.SYS_FSTAT: "fstat", unix.SYS_NEWFSTATAT: "fstat", unix.SYS_GETDENTS64: "getdents64",
		unix.SYS_READ: "read", unix.SYS_PREAD64: "read", unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64",
		unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync", unix.SYS_FTRUNCATE: "ftruncate",
		unix.SYS_FALLOCATE: "fallocate", unix.SYS_FLOCK: "flock", unix.SYS_CLOSE: "close",
		unix.SYS_LINKAT: "unknown", unix.SYS_SYMLINKAT: "unknown", unix.SYS_WRITEV: "unknown", unix.SYS_PWRITEV: "unknown",
		unix.SYS_PWRITEV2: "unknown", unix.SYS_COPY_FILE_RANGE: "unknown", unix.SYS_SENDFILE: "unknown",
		unix.SYS_SYNC_FILE_RANGE: "unknown", unix.SYS_MMAP: "mmap",
	}
}

// targets returns which descriptors and, for calls with names, which addresses of names a call has.
func targets(number uint64, a [6]uint64) (fds []int, names []uint64) {
	switch number {
	case unix.SYS_OPENAT, unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_NEWFSTATAT:
		return []int{int(int32(a[0]))}, []uint64{a[1]}
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT:
		return []int{int(int32(a[0])), int(int32(a[2]))}, []uint64{a[1], a[3]}
	case unix.SYS_RENAME:
		return []int{unix.AT_FDCWD, unix.AT_FDCWD}, []uint64{a[0], a[1]}
	case unix.SYS_SYMLINKAT:
		return []int{int(int32(a[1]))}, []uint64{a[2]}
	case unix.SYS_MMAP:
		return []int{int(int32(a[4]))}, nil
	}
	return []int{int(int32(a[0]))}, nil
}

func (r *registers) load(tid int) error { return unix.PtraceGetRegs(tid, &r.PtraceRegs) }
func (r *registers) store(tid int) error {
	return unix.PtraceSetRegs(tid, &r.PtraceRegs)
}

// systemCall is the signal with which a thread stops before and behind each call (PTRACE_O_TRACESYSGOOD).
const systemCall = syscall.SIGTRAP | 0x80
