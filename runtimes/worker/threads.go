//go:build !cgo

package worker

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// begin is what a worker does first: it opens what the sandbox will not let it open, and closes what it was not given.
// pagemap is its /proc/self/pagemap, -1 if there is none.
func begin() (pagemap int, err error) {
	pagemap, err = unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		pagemap = -1
	}
	return pagemap, closeStrangers(pagemap)
}

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

// noNewPrivs keeps every thread from more rights than it has.
func noNewPrivs() error { return allThreads(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0) }

// dropCapabilities leaves no capability of the kernel, and so no ambient one.
func dropCapabilities() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return allThreads(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&none)), 0)
}

// landlock forbids every thread every right that the running kernel knows, without exception: files, network, signals
// and abstract sockets outside.
func landlock() error {
	all, err := knownRights()
	if err != nil {
		return err
	}
	fd, err := all.create()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return allThreads(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(fd), 0, 0)
}

// allThreads makes a system call on every thread of the process.
func allThreads(nr, a, b, c uintptr) error {
	if _, _, e := syscall.AllThreadsSyscall(nr, a, b, c); e != 0 {
		return e
	}
	return nil
}
