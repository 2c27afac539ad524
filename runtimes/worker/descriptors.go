package worker

import (
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

// closeGifts closes what has been mapped by now, and standard input and output. It makes the poller of the runtime, which
// comes with the first timer: in the sandbox it would be too late.
func closeGifts() {
	time.Sleep(time.Microsecond)
	for _, fd := range []int{0, 1, fdShared, fdProgram, fdCode} {
		unix.Close(fd)
	}
}
