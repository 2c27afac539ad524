//go:build linux && (amd64 || arm64)

package worker

// pause tells the processor n times that its caller spins.
func pause(n uint32)
