package wazero

import (
	"fmt"
	"os"

	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// A memory is a linear memory that never moves: its address space is reserved up to its maximum, and can be used as far
// as it has grown.
type memory struct {
	reserved []byte
	size     int
}

// reserve returns a memory of low bytes that can grow to high.
func reserve(low, high uint64) (*memory, error) {
	m := &memory{}
	var err error
	length := max(int(high), os.Getpagesize()) // a mapping of nothing is an error
	if m.reserved, err = unix.Mmap(-1, 0, length, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE); err != nil {
		return nil, fmt.Errorf("reserving %d bytes: %w", length, err)
	}
	if m.Reallocate(low) == nil {
		m.Free()
		return nil, fmt.Errorf("no %d bytes of memory", low)
	}
	return m, nil
}

// Allocate implements experimental.MemoryAllocator for the one memory of one instance.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate implements experimental.LinearMemory. It never shrinks.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.reserved)) {
		return nil
	}
	if n := int(size); n > m.size {
		if err := unix.Mprotect(m.reserved[m.size:n], unix.PROT_READ|unix.PROT_WRITE); err != nil {
			return nil
		}
		m.size = n
	}
	return m.bytes()
}

func (m *memory) bytes() []byte { return m.reserved[:m.size:m.size] }

// Free implements experimental.LinearMemory. It may be called twice.
func (m *memory) Free() {
	if m.reserved != nil {
		unix.Munmap(m.reserved)
		m.reserved, m.size = nil, 0
	}
}
