//go:build !cgo

package worker

// libc lists the calls of a C library that makes the threads. There is none.
func libc() []uint32 { return nil }

// stacks is the memory of threads' stacks that the kernel counts before they are used: Go's grow.
const stacks = 0
