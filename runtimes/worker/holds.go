package worker

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// What follows looks whether a layer holds on the thread that it runs on.

// elsewhere runs f on another thread, and waits. Most layers are a thread's own; threads that come later have what the one
// has that makes them. The caller MUST have locked its thread: then the goroutine needs another one.
func elsewhere(f func()) {
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		f()
		close(done)
	}()
	<-done
}

func hasNoCapabilities() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	if err := unix.Capget(&head, &have[0]); err != nil {
		return err
	}
	if have != [2]unix.CapUserData{} {
		return fmt.Errorf("capabilities are left: %x", have)
	}
	return nil
}

func hasNoNewPrivs() error {
	on, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	if err == nil && on != 1 {
		err = errors.New("it is off")
	}
	return err
}

// hasLandlock opens a folder that anybody may read but who is confined.
func hasLandlock() error {
	fd, err := unix.Open("/proc/self", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
		return errors.New("a folder can be opened all the same")
	}
	if !errors.Is(err, unix.EACCES) {
		return fmt.Errorf("opening a folder: %w", err)
	}
	return nil
}

// hasSeccomp asks what the filter forbids to ask.
func hasSeccomp() error {
	if _, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("asking for the filter: %v", err)
	}
	return nil
}
