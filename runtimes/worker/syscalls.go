package worker

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls of the sandbox that take pointers and have no function in x/sys.

// A ruleset is struct landlock_ruleset_attr, the rights that are denied where no rule allows them.
type ruleset struct{ files, network, scope uint64 }

// create makes a ruleset without rules. A kernel that does not know one of the rights answers EINVAL, one that does not
// know a field E2BIG.
func (r ruleset) create() (fd int, err error) {
	n, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&r)), unsafe.Sizeof(r), 0)
	if e != 0 {
		return -1, e
	}
	return int(n), nil
}

// landlockVersion is the ABI of the running kernel.
func landlockVersion() (int, error) {
	n, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

// install puts a filter on every thread. no_new_privs must be set.
func install(filter []unix.SockFilter) error {
	thread, err := seccomp(filter, unix.SECCOMP_FILTER_FLAG_TSYNC)
	if err == nil && thread != 0 { // TSYNC reports a thread that could not follow this way
		err = fmt.Errorf("thread %d is out of step", thread)
	}
	return err
}

// seccomp puts a filter on this thread, or on those that flags say.
func seccomp(filter []unix.SockFilter, flags uintptr) (thread int, err error) {
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	n, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}
