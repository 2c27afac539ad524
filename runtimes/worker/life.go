package worker

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// dieWithHost has the kernel kill this process when the host's end of a pipe closes. PR_SET_PDEATHSIG would follow the
// thread that forked, not the process; a goroutine that reads the pipe would wait for a guest that holds the only P. In a
// PID namespace of its own the process would be init and ignore the signal.
func dieWithHost(fd int) error {
	for _, c := range [][2]int{{unix.F_SETOWN, unix.Getpid()}, {unix.F_SETSIG, int(unix.SIGKILL)}, {unix.F_SETFL, unix.O_ASYNC}} {
		if _, err := unix.FcntlInt(uintptr(fd), c[0], c[1]); err != nil {
			return fmt.Errorf("watching the host: %w", err)
		}
	}
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	if err != nil {
		return fmt.Errorf("watching the host: %w", err)
	}
	if n != 0 { // it died before
		return errors.New("the host is gone")
	}
	return nil
}
