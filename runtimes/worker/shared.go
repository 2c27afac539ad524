package worker

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"bulkhead/abi"
)

// The shared memory of a worker: a page of slots, then four areas of bytes, one for each thing that may be under way at
// once. It is a sealed memfd of the host's. Pages that nobody touched cost nothing.
const (
	pageSize = 4096
	areaSize = abi.MaxRequest

	areaRequest = 0 // host to worker: the request of a call
	areaReply   = 1 // host to worker: the answer of a capability
	areaAnswer  = 2 // worker to host: the answer of a call, an error's words, code
	areaInput   = 3 // worker to host: the input of a capability

	sharedSize = pageSize + 4*areaSize
)

// A slot is one side's last frame, in a cache line of its own. The reader's side sets asleep, all else is the writer's.
type slot struct {
	seq               atomic.Uint32 // raised last
	asleep            atomic.Uint32 // the reader wants the bell rung
	op, call, arg     atomic.Uint32
	key, n            atomic.Uint32
	dropped           atomic.Uint32
	time              atomic.Uint64
	fuel, memory      atomic.Uint64
	replaced, padding atomic.Uint32
}

// A header is the first page of the shared memory. Processors fetch cache lines in pairs, so that each slot has one.
type header struct {
	host      slot
	_         [64]byte
	worker    slot
	_         [64]byte
	cancelled atomic.Uint32 // the call that its caller has given up; the host writes it at any time
}

// shared is the memory that host and worker both see. Each side MUST take what the other wrote for hostile: read once,
// into memory of its own, then look.
type shared struct {
	memory []byte
	*header
}

// makeShared makes the memory for a new worker. The worker cannot change its size: a host that reads behind the end of a
// file dies.
func makeShared() (fd int, s *shared, err error) {
	fd, err = makeMemory("bulkhead-worker", sharedSize, nil, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	if err != nil {
		return -1, nil, err
	}
	if s, err = mapShared(fd); err != nil {
		unix.Close(fd)
		return -1, nil, err
	}
	return fd, s, nil
}

// mapShared maps what makeShared made.
func mapShared(fd int) (*shared, error) {
	memory, err := unix.Mmap(fd, 0, sharedSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping shared memory: %w", err)
	}
	return &shared{memory: memory, header: (*header)(unsafe.Pointer(&memory[0]))}, nil
}

// area returns all bytes of an area, and not one more.
func (s *shared) area(i int) []byte {
	from := pageSize + i*areaSize
	return s.memory[from : from+areaSize : from+areaSize]
}

// keep is how much of an area stays in memory while a worker has nothing to do. While it has, all that it used stays: a
// page that is given back costs a fault on both sides when it is used again.
const keep = 1 << 20

// giveBack frees the pages of an area of which n bytes were in use, if they are many.
func (s *shared) giveBack(i, n int) {
	if n > keep {
		unix.Madvise(s.area(i)[keep:], unix.MADV_REMOVE)
	}
}

// has reports whether an address is in the memory.
func (s *shared) has(address uintptr) bool {
	from := uintptr(unsafe.Pointer(&s.memory[0]))
	return address >= from && address < from+uintptr(len(s.memory))
}

func (s *shared) unmap() error { return unix.Munmap(s.memory) }

// makeMemory makes a file in memory of that size that starts with content, and seals it.
func makeMemory(name string, size int64, content [][]byte, seals int) (fd int, err error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err = unix.MemfdCreate(name, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return -1, fmt.Errorf("making shared memory: %w", err)
	}
	if err := fill(fd, size, content, seals); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("filling shared memory: %w", err)
	}
	return fd, nil
}

func fill(fd int, size int64, content [][]byte, seals int) error {
	if err := unix.Ftruncate(fd, size); err != nil {
		return err
	}
	var at int64
	for _, part := range content {
		for len(part) > 0 {
			n, err := unix.Pwrite(fd, part, at)
			if err != nil && !errors.Is(err, unix.EINTR) {
				return err
			}
			n = max(n, 0)
			part, at = part[n:], at+int64(n)
		}
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals)
	return err
}
