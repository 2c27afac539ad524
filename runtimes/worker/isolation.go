package worker

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// An isolation is what the kernel does for a new process, beside what the worker does to itself. All of it is more than
// is required: kernels and containers may refuse it.
type isolation struct {
	nobody     bool // a user that owns nothing, where the host is root
	namespaces bool // of users, network, IPC and host name; never of processes: dieWithHost says why
}

// nobody is the user and group that own nothing.
const nobody = 65534

// isolations lists what to try, the best first.
func isolations() []isolation {
	if os.Getuid() == 0 {
		return []isolation{{true, true}, {true, false}, {false, true}, {false, false}}
	}
	return []isolation{{false, true}, {false, false}}
}

// refused reports whether err is a kernel's no to an isolation, and not some other trouble.
func refused(err error) bool {
	for _, no := range []error{unix.EPERM, unix.EACCES, unix.EINVAL, unix.ENOSPC, unix.EUSERS, unix.ENOSYS} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

func (i isolation) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setsid: true}
	user, group := os.Getuid(), os.Getgid()
	if i.nobody {
		user, group = nobody, nobody
		a.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		a.GidMappingsEnableSetgroups = true // to drop root's groups
	}
	if i.namespaces {
		a.Cloneflags = unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: user, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: group, Size: 1}}
	}
	return a
}
