package worker

import "golang.org/x/sys/unix"

// The filter of system calls. What the Go runtime, the engine and the link need is allowed; what only an attack would try
// kills the process; the rest fails with EPERM, so that a new Go release degrades instead of dying. Filters stack and the
// strictest answer wins: the first stands before a byte of the module is parsed, the sealed one after it is compiled.

// A table is what the filter needs to know of a processor.
type table struct {
	arch  uint32
	x32   bool // numbers with bit 30 are another ABI of the same processor
	allow []uint32
	kill  []uint32
}

// Offsets in struct seccomp_data. Both processors are little-endian: an argument's low half comes first.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
	x32Bit    = 1 << 30
)

const (
	doAllow = unix.SECCOMP_RET_ALLOW
	doKill  = unix.SECCOMP_RET_KILL_PROCESS
	doEPERM = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	noClone = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS) // Go and libc fall back to clone
)

// namespaces are the flags of clone that make one.
const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// filter is the program for the process with this id. The sealed one makes no memory executable, raises no limit and
// takes no further filter.
func (t table) filter(pid uint32, sealed bool) []unix.SockFilter {
	p := []unix.SockFilter{load(offArch), jump(unix.BPF_JEQ, t.arch, 1, 0), ret(doKill), load(offNumber)}
	if t.x32 {
		p = append(p, jump(unix.BPF_JGE, x32Bit, 0, 1), ret(doKill))
	}
	rule := func(number uint32, body ...unix.SockFilter) {
		p = append(append(p, jump(unix.BPF_JEQ, number, 0, uint8(len(body)))), body...)
	}
	for _, number := range t.allow {
		rule(number, ret(doAllow))
	}
	executable := uint32(doKill)
	if !sealed {
		executable = doAllow
		rule(unix.SYS_SECCOMP, ret(doAllow))
		rule(unix.SYS_PRLIMIT64, argument(0, unix.BPF_JEQ, 0, doAllow, doEPERM)...) // its own limits
	}
	rule(unix.SYS_MMAP, argument(2, unix.BPF_JSET, unix.PROT_EXEC, executable, doAllow)...)
	rule(unix.SYS_MPROTECT, argument(2, unix.BPF_JSET, unix.PROT_EXEC, executable, doAllow)...)
	rule(unix.SYS_CLONE, append([]unix.SockFilter{load(offArgs), jump(unix.BPF_JSET, namespaces, 0, 1), ret(doKill)},
		argument(0, unix.BPF_JSET, unix.CLONE_THREAD, doAllow, doKill)...)...)
	rule(unix.SYS_TGKILL, argument(0, unix.BPF_JEQ, pid, doAllow, doEPERM)...)
	rule(unix.SYS_PRCTL, argument(0, unix.BPF_JEQ, unix.PR_SET_VMA, doAllow, doEPERM)...) // Go names its memory
	rule(unix.SYS_CLONE3, ret(noClone))
	for _, number := range t.kill {
		rule(number, ret(doKill))
	}
	return append(p, ret(doEPERM))
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func jump(test uint16, value uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_K | test, Jt: yes, Jf: no, K: value}
}

func ret(action uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
}

// argument answers by the low half of argument i.
func argument(i, test uint32, value, yes, no uint32) []unix.SockFilter {
	return []unix.SockFilter{load(offArgs + 8*i), jump(uint16(test), value, 0, 1), ret(yes), ret(no)}
}

// common lists what both processors have: first what a worker needs once it has started, the hot ones in front.
func common() (allow, kill []uint32) {
	allow = []uint32{
		unix.SYS_READ, unix.SYS_PREAD64, unix.SYS_WRITE, unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_EPOLL_PWAIT, unix.SYS_MADVISE, unix.SYS_MUNMAP,
		unix.SYS_RT_SIGRETURN, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGACTION, unix.SYS_SIGALTSTACK, unix.SYS_GETPID, unix.SYS_GETTID,
		unix.SYS_SCHED_YIELD, unix.SYS_CLOCK_GETTIME, unix.SYS_GETRANDOM, unix.SYS_RESTART_SYSCALL, unix.SYS_CLOSE, unix.SYS_EXIT,
		unix.SYS_EXIT_GROUP,
	}
	allow = append(allow, libc()...)
	kill = []uint32{
		unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_OPEN_TREE,
		unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
		unix.SYS_SENDMSG, unix.SYS_RECVMSG,
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_KCMP,
		unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL,
		unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
		unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET, unix.SYS_USERFAULTFD, unix.SYS_PERF_EVENT_OPEN, unix.SYS_BPF,
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSMOUNT, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
		unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_PERSONALITY,
		unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT,
	}
	return allow, kill
}
