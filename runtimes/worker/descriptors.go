package worker

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptors of a worker, as the host hands them over. 0 and 1 are nothing, 2 is for last words.
const (
	fdShared  = iota + 3 // the shared memory
	fdProgram            // the program, sealed
	fdCode               // code compiled by an earlier worker of the plugin, sealed; empty: none
	fdBell               // rings when the host has sent a frame
	fdRing               // rings the host's bell
	fdLife               // closes when the host dies
	fdSelf               // the program that runs, if it is none that has a path
)

// closeStrangers closes every descriptor that is neither the host's gift nor in keep: what the host itself inherited and
// handed on without knowing. The runtime's own poller is not ours to close.
func closeStrangers(keep ...int) error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("listing descriptors: %w", err)
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			return fmt.Errorf("listing descriptors: %w", err)
		}
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		poller := err == nil && (to == "anon_inode:[eventpoll]" || to == "anon_inode:[eventfd]")
		if fd > fdLife && !poller && !slices.Contains(keep, fd) {
			unix.Close(fd) // that of the listing is closed already
		}
	}
	return nil
}

// closeGifts closes what has been mapped by now, and standard input and output. It makes the poller of the runtime, which
// comes with the first timer: in the sandbox it would be too late.
func closeGifts() {
	time.Sleep(time.Microsecond)
	for _, fd := range []int{0, 1, fdShared, fdProgram, fdCode} {
		unix.Close(fd)
	}
}
