//go:build !cgo

package worker

// libc lists the calls of a C library that makes the threads. There is none.
func libc() []uint32 { return nil }
