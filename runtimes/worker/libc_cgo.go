//go:build cgo

package worker

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// libc lists the calls of the C library that makes the threads: what it does with a new one, and where malloc gets memory
// from. It takes a refused brk for success. On arm64 an engine in C makes its code visible to all processors by membarrier.
func libc() []uint32 {
	all := []uint32{unix.SYS_RSEQ, unix.SYS_SET_ROBUST_LIST, unix.SYS_BRK}
	if runtime.GOARCH == "arm64" {
		all = append(all, unix.SYS_MEMBARRIER)
	}
	return all
}

// stacks is the memory of threads' stacks that the kernel counts before they are used: 8 MiB for each thread, of which a
// worker has a handful.
const stacks = 64 << 20
