package worker

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes"
)

// An escape is what a guest that has taken its worker over may try. It returns an errno, 0 for success, or not at all.
type escape struct {
	try     func() syscall.Errno
	loading string // what comes of it before the filter is sealed
	sealed  string // and after
}

// What comes of an escape: the errno's text, or one of these.
const (
	killed  = "bad system call"
	works   = "errno 0"
	refuses = "operation not permitted"
)

func call(number uintptr, args ...uintptr) func() syscall.Errno {
	return func() syscall.Errno {
		var a [6]uintptr
		copy(a[:], args)
		_, _, e := syscall.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
		return e
	}
}

// text is a C string that never moves.
func text(s string) uintptr {
	b, err := unix.Mmap(-1, 0, pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	copy(b, s)
	return reflect.ValueOf(b).Pointer()
}

func escapes() map[string]escape {
	const cwd = ^uintptr(99) // AT_FDCWD
	dead := func(number uintptr, args ...uintptr) escape { return escape{call(number, args...), killed, killed} }
	no := func(number uintptr, args ...uintptr) escape { return escape{call(number, args...), refuses, refuses} }
	all := map[string]escape{
		"open a file":              {func() syscall.Errno { return call(unix.SYS_OPENAT, cwd, text("/etc/passwd"))() }, killed, killed},
		"open without cwd":         {func() syscall.Errno { return call(unix.SYS_OPENAT2, cwd, text("/"))() }, killed, killed},
		"execute":                  {func() syscall.Errno { return call(unix.SYS_EXECVE, text("/bin/true"))() }, killed, killed},
		"execute at":               dead(unix.SYS_EXECVEAT),
		"socket":                   dead(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM),
		"pair of sockets":          dead(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM),
		"connect":                  dead(unix.SYS_CONNECT),
		"fork":                     dead(unix.SYS_CLONE, uintptr(unix.SIGCHLD)),
		"user namespace":           dead(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD)),
		"thread in a namespace":    dead(unix.SYS_CLONE, unix.CLONE_THREAD|unix.CLONE_NEWNET),
		"clone3":                   {call(unix.SYS_CLONE3), "function not implemented", "function not implemented"},
		"trace":                    dead(unix.SYS_PTRACE),
		"read other memory":        dead(unix.SYS_PROCESS_VM_READV, uintptr(unix.Getppid())),
		"io_uring":                 dead(unix.SYS_IO_URING_SETUP, 1),
		"memory file":              {func() syscall.Errno { return call(unix.SYS_MEMFD_CREATE, text("x"))() }, killed, killed},
		"bpf":                      dead(unix.SYS_BPF),
		"mount":                    dead(unix.SYS_MOUNT),
		"unshare":                  dead(unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
		"enter a namespace":        dead(unix.SYS_SETNS),
		"page faults of one's own": dead(unix.SYS_USERFAULTFD),
		"performance events":       dead(unix.SYS_PERF_EVENT_OPEN),
		"keys":                     dead(unix.SYS_KEYCTL),
		"executable memory":        {call(unix.SYS_MMAP, 0, pageSize, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE, ^uintptr(0)), works, killed},
		"make executable": {func() syscall.Errno {
			return call(unix.SYS_MPROTECT, text(""), pageSize, unix.PROT_READ|unix.PROT_EXEC)()
		}, works, killed},
		"signal the host":     no(unix.SYS_KILL, uintptr(unix.Getppid()), uintptr(unix.SIGKILL)),
		"signal all":          no(unix.SYS_KILL, ^uintptr(0), uintptr(unix.SIGKILL)),
		"signal a thread":     no(unix.SYS_TGKILL, uintptr(unix.Getppid()), uintptr(unix.Getppid()), uintptr(unix.SIGKILL)),
		"be dumpable":         no(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1),
		"outlive the host":    no(unix.SYS_FCNTL, fdLife, unix.F_SETFL, 0),
		"more filters":        {call(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, 0), "bad address", refuses},
		"raise a limit":       {func() syscall.Errno { return call(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, most(), 0)() }, refuses, refuses},
		"limits of the host":  no(unix.SYS_PRLIMIT64, uintptr(unix.Getppid()), unix.RLIMIT_NOFILE),
		"be root":             no(unix.SYS_SETUID, 0),
		"copy a descriptor":   no(unix.SYS_DUP, fdBell),
		"shrink a file":       no(unix.SYS_FTRUNCATE, fdShared, 0),
		"device control":      no(unix.SYS_IOCTL, fdBell),
		"shared memory":       no(unix.SYS_SHMGET),
		"the computer's name": no(unix.SYS_UNAME),
		"a system call to be": no(9999),
		"a negative one":      no(1<<30 - 1),
		"read nothing":        {call(unix.SYS_READ, 0, 0, 0), "bad file descriptor", "bad file descriptor"},
		"read shared memory":  {call(unix.SYS_READ, fdShared, 0, 0), "bad file descriptor", "bad file descriptor"},
		"map the program":     {call(unix.SYS_MMAP, 0, pageSize, unix.PROT_READ, unix.MAP_SHARED, fdProgram), "bad file descriptor", "bad file descriptor"},
		"heap bomb":           {heapBomb, "worker died", "worker died"},
		"thread bomb":         {threadBomb, outOfThreads, outOfThreads},
		"talk for ever":       {func() syscall.Errno { return chatter() }, "killed", "killed"},
		"hang up":             {func() syscall.Errno { unix.Close(2); time.Sleep(time.Hour); return 0 }, "killed", "killed"},
	}
	for name, e := range otherEscapes() {
		all[name] = e
	}
	return all
}

// most is a limit of everything, for prlimit.
func most() uintptr { return text(strings.Repeat("\xff", 16)) }

func heapBomb() syscall.Errno {
	var all [][]byte
	for {
		all = append(all, make([]byte, 1<<20))
		for i := range all[len(all)-1] {
			all[len(all)-1][i] = 1
		}
	}
}

func threadBomb() syscall.Errno {
	for {
		go syscall.Read(fdBell, make([]byte, 1))
		time.Sleep(100 * time.Microsecond)
	}
}

func chatter() syscall.Errno {
	for {
		os.Stderr.WriteString("killed by its own words\n")
	}
}

// escaping is a backend that tries to escape: in Load if Config says so, otherwise when it is called.
type escaping struct{}

func (escaping) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	if p.Config == nil {
		return escapingModule(p.Wasm), nil
	}
	return nil, errors.New(outcome(escapes()[string(p.Wasm)].try()))
}

func (escaping) Close(context.Context) error { return nil }

type escapingModule string

func (m escapingModule) Call(_ context.Context, dst, _ []byte) ([]byte, error) {
	return append(dst, outcome(escapes()[string(m)].try())...), nil
}

func (escapingModule) Close(context.Context) error { return nil }

func outcome(e syscall.Errno) string {
	if e == 0 {
		return works
	}
	return e.Error()
}

// TestEscapes tries every way out of a worker, before and after its filter is sealed.
func TestEscapes(t *testing.T) {
	for name, e := range escapes() {
		t.Run(name, func(t *testing.T) {
			p := testProgram([]byte(name), &witness{})
			p.Limits.Timeout = 10 * time.Second
			p.Limits.Memory = 1 << 20
			m := loadWorker(t, "escaping", p)
			answer, err := m.Call(t.Context(), nil, nil)
			got := string(answer)
			if errors.Is(err, runtimes.ErrDied) {
				got = err.Error()
			}
			if !strings.Contains(got, e.sealed) {
				t.Errorf("answer %q, error %v, want %q", answer, err, e.sealed)
			}
			p.Config = []byte{}
			_, err = newBackend(t, Config{Backend: "escaping"}).Load(t.Context(), p)
			if err == nil || !strings.Contains(err.Error(), e.loading) {
				t.Fatalf("while loading: error %v, want %q", err, e.loading)
			}
			if strings.Contains(err.Error(), "out of memory") && !errors.Is(err, runtimes.ErrLimit) { // Go may also just crash
				t.Errorf("error %v, want ErrLimit", err)
			}
		})
	}
}

// TestConfinement looks at a worker from outside.
func TestConfinement(t *testing.T) {
	t.Setenv("SECRET", "host's")
	const behind = 100 // where no gift to the worker takes its place
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(null)
	inherited, err := unix.FcntlInt(uintptr(null), unix.F_DUPFD, behind) // without O_CLOEXEC, as the host's own parent may leave it
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(inherited)
	m := loadWorker(t, "plain", testProgram([]byte("echo"), &witness{}))
	if _, err := m.Call(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	folder := "/proc/" + strconv.Itoa(m.idle[0].peer.(*process).handle.Pid)
	flags, err := unix.FcntlInt(uintptr(m.idle[0].ring), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("a worker that never listens can block the host: flags %#x, %v", flags, err)
	}
	threads, err := os.ReadDir(folder + "/task")
	if err != nil || len(threads) < 2 {
		t.Errorf("%d threads, error %v", len(threads), err)
	}
	for _, thread := range threads {
		status := read(t, folder+"/task/"+thread.Name()+"/status")
		for _, want := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n", "Seccomp_filters:\t2\n", "CapEff:\t0000000000000000\n",
			"CapPrm:\t0000000000000000\n", "CapInh:\t0000000000000000\n", "CapAmb:\t0000000000000000\n"} {
			if !strings.Contains(status, want) {
				t.Errorf("thread %s has no %q", thread.Name(), want)
			}
		}
	}
	status := read(t, folder+"/status")
	if info, err := os.Stat(folder + "/status"); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("it can be dumped: its files are not root's (%v)", err)
	}
	limits := read(t, folder+"/limits")
	for _, name := range []string{"core file size", "file size", "open files", "locked memory", "msgqueue size"} {
		_, line, _ := strings.Cut(limits, "Max "+name)
		line, _, _ = strings.Cut(line, "\n")
		if f := strings.Fields(line); len(f) < 2 || f[0] != "0" || f[1] != "0" {
			t.Errorf("limit of %s: %q", name, line)
		}
	}
	if want := strconv.FormatUint(dataLimit(m.plugin.limits), 10); !strings.Contains(limits, want) {
		t.Errorf("memory is not limited to %s", want)
	}
	if os.Getuid() != 0 {
		return // what follows a process that cannot be dumped shows to root alone
	}
	if !strings.Contains(status, "Uid:\t65534\t65534\t65534\t65534\n") || !strings.Contains(status, "Groups:\t \n") {
		t.Errorf("it is somebody: %s", status)
	}
	if environ := read(t, folder+"/environ"); strings.Contains(environ, "SECRET") {
		t.Errorf("environment %q", environ)
	}
	entries, err := os.ReadDir(folder + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		to, _ := os.Readlink(folder + "/fd/" + e.Name())
		kind, _, _ := strings.Cut(to, ":")
		if kind != "pipe" && to != "anon_inode:[eventpoll]" && to != "anon_inode:[eventfd]" && to != folder+"/pagemap" {
			t.Errorf("descriptor %s is %s", e.Name(), to)
		}
	}
	if len(entries) != 7 {
		t.Errorf("%d descriptors, want standard error, bell, ring, life, pagemap, and two of the runtime's", len(entries))
	}
	if maps := read(t, folder+"/maps"); strings.Count(maps, "rwxp") > 0 {
		t.Error("memory is writable and executable")
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The shared memory cannot shrink under the host's feet, and a program not change.
func TestSeals(t *testing.T) {
	fd, s, err := makeShared()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	defer s.unmap()
	for name, size := range map[string]int64{"shrink": pageSize, "grow": sharedSize + 1} {
		if err := unix.Ftruncate(fd, size); err != unix.EPERM {
			t.Errorf("%s: %v, want EPERM", name, err)
		}
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE); err != unix.EPERM {
		t.Errorf("sealing: %v, want EPERM", err)
	}
	fd, err = makeSealed("test", []byte("program"))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.Pwrite(fd, []byte("P"), 0); err != unix.EPERM {
		t.Errorf("writing: %v, want EPERM", err)
	}
	if _, err := unix.Mmap(fd, 0, 7, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != unix.EPERM {
		t.Errorf("mapping for writing: %v, want EPERM", err)
	}
}
