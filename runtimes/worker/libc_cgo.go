//go:build cgo

package worker

import "golang.org/x/sys/unix"

// libc lists the calls of the C library that makes the threads: what it does with a new one, and where malloc gets memory
// from. It takes a refused brk for success.
func libc() []uint32 { return []uint32{unix.SYS_RSEQ, unix.SYS_SET_ROBUST_LIST, unix.SYS_BRK} }

// stacks is the memory of threads' stacks that the kernel counts before they are used: 8 MiB for each thread, of which a
// worker has a handful.
const stacks = 64 << 20
