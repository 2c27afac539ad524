package worker

import (
	"fmt"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes"
)

// Memory of a worker. The kernel counts private writable mappings, the Go runtime's own included: 100 MiB before it has
// done anything. Never the address space: Go and wasmtime reserve gigabytes of it.
const (
	baseMemory = 128 << 20
	// startMemory is what compiling and starting may use besides. Stock Go plugins of 4 MB need 50 MiB.
	startMemory = 512 << 20
	// copies is how many times the memory of an instance may be there: at work, and as the snapshot.
	copies = 2
	// heap is what the collector of a worker aims at, besides the snapshot.
	heap      = 64 << 20
	startHeap = 256 << 20
	// maxThreads of a worker. Go has a handful, and needs one more for each blocked system call.
	maxThreads = 64
)

// dataLimit is the memory of a worker at work, and startLimit while it loads.
func dataLimit(l runtimes.Limits) uint64  { return copies*l.Memory + baseMemory + stacks }
func startLimit(l runtimes.Limits) uint64 { return dataLimit(l) + startMemory }

// limitAll sets what no worker needs to nothing, and its memory to data. A count of threads needs users of its own: others
// of the same user would count.
func limitAll(data uint64, ownUsers bool) error {
	all := []struct {
		resource int
		most     uint64
	}{
		{unix.RLIMIT_CORE, 0}, {unix.RLIMIT_FSIZE, 0}, {unix.RLIMIT_NOFILE, 0}, {unix.RLIMIT_MEMLOCK, 0}, {unix.RLIMIT_MSGQUEUE, 0},
		{unix.RLIMIT_LOCKS, 0}, {unix.RLIMIT_NICE, 0}, {unix.RLIMIT_RTPRIO, 0}, {unix.RLIMIT_DATA, data}, {unix.RLIMIT_NPROC, maxThreads},
	}
	if !ownUsers {
		all = all[:len(all)-1]
	}
	for _, l := range all {
		if err := limit(l.resource, l.most); err != nil {
			return fmt.Errorf("limiting resource %d: %w", l.resource, err)
		}
	}
	return nil
}

// limit lowers a resource for good, never above what it was.
func limit(resource int, most uint64) error {
	var old unix.Rlimit
	if err := unix.Prlimit(0, resource, nil, &old); err != nil {
		return err
	}
	most = min(most, old.Max)
	return unix.Prlimit(0, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
}
