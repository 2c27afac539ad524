package worker

import (
	"fmt"
	"os"
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
)

// closeOthers closes every descriptor that is not in keep: what is mapped by now, and what the host itself inherited and
// handed on without knowing. The runtime's own poller is not ours to close.
func closeOthers(keep ...int) error {
	time.Sleep(time.Microsecond) // the first timer makes the poller, for which it is too late in the sandbox
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("listing descriptors: %w", err)
	}
	kept := map[int]bool{}
	for _, fd := range keep {
		kept[fd] = true
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			return fmt.Errorf("listing descriptors: %w", err)
		}
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && (to == "anon_inode:[eventpoll]" || to == "anon_inode:[eventfd]") {
			continue
		}
		if !kept[fd] {
			unix.Close(fd) // that of the listing is closed already
		}
	}
	return nil
}
