package worker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process is a worker as the operating system sees it.
type process struct {
	handle *os.Process
	life   int // closing it kills the worker, and so does the end of the host
	dead   chan struct{}
	cause  string // once dead is closed
}

// kill kills the worker, if it is not dead.
func (p *process) kill() { p.handle.Kill() }

// gone is closed when nothing of the worker is left.
func (p *process) gone() <-chan struct{} { return p.dead }

// why is what it died of, after gone.
func (p *process) why() string { return p.cause }

// maxWords is how much of what a worker prints is read. It prints nothing while it is well.
const maxWords = 4 << 10

// reap waits until the worker has closed its standard error, as the dead do, or said too much, and buries it.
func (p *process) reap(words *os.File) {
	said := make([]byte, maxWords)
	n, _ := io.ReadFull(words, said)
	p.kill()
	state, err := p.handle.Wait()
	words.Close()
	unix.Close(p.life)
	p.cause = "lost"
	if err == nil {
		p.cause = state.String()
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(said[:n])), "\n")
	if first != "" {
		p.cause += ": " + line(first[:min(len(first), 200)])
	}
	close(p.dead)
}

// none is a descriptor that a new process does not have.
const none = ^uintptr(0)

// ends are the host's ends of what a new worker holds.
type ends struct {
	*shared
	read, ring int
	process    *process
}

// start starts a worker that maps program and code. It is in its sandbox when it says hello.
func start(p *program, a arguments, how isolation, image, code int) (*ends, error) {
	var o opened
	defer o.close()
	memory, s, err := makeShared()
	if err != nil {
		return nil, err
	}
	o.add(memory)
	e := &ends{shared: s}
	if err := e.fork(&o, p, a, how, []int{memory, image, code}); err != nil {
		s.unmap()
		return nil, err
	}
	return e, nil
}

// fork makes the pipes and the process. Descriptors that stay with the host leave o.
func (e *ends) fork(o *opened, p *program, a arguments, how isolation, memory []int) error {
	var bell, ring, life, words [2]int // the worker's view of the first two
	for _, pipe := range []*[2]int{&bell, &ring, &life, &words} {
		if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
			return fmt.Errorf("making pipes: %w", err)
		}
		o.add(pipe[0], pipe[1])
	}
	if err := errors.Join(unix.SetNonblock(bell[1], true), unix.SetNonblock(ring[1], true), unix.SetNonblock(words[0], true)); err != nil {
		return fmt.Errorf("setting up pipes: %w", err)
	}
	files := []uintptr{none, none, uintptr(words[1])}
	for _, fd := range append(memory, bell[0], ring[1], life[0]) {
		files = append(files, uintptr(fd))
	}
	files = append(files, p.file())
	a.ownUsers = how.namespaces
	pid, _, err := syscall.StartProcess(p.path(), a.list(), &syscall.ProcAttr{Dir: "/", Env: environment(), Files: files, Sys: how.attributes()})
	if err != nil {
		return err
	}
	handle, err := os.FindProcess(pid)
	if err != nil {
		syscall.Kill(pid, syscall.SIGKILL) // nobody has reaped it, so it is this one
		_, e := syscall.Wait4(pid, nil, 0, nil)
		return errors.Join(err, e)
	}
	e.read, e.ring = ring[0], bell[1]
	e.process = &process{handle: handle, life: life[1], dead: make(chan struct{})}
	o.release(e.read, e.ring, life[1], words[0])
	go e.process.reap(os.NewFile(uintptr(words[0]), "worker's standard error"))
	return nil
}

// environment is all that a worker gets: one P, no look at files of the kernel or of the time zone later on, and a
// collector that begins in time. The malloc of a C library would look at files too, for a second arena and to shrink one.
func environment() []string {
	return []string{
		"GOMAXPROCS=1", "GODEBUG=containermaxprocs=0,updatemaxprocs=0", "GOTRACEBACK=none", "TZ=UTC", "MALLOC_ARENA_MAX=1",
		fmt.Sprintf("GOMEMLIMIT=%d", startHeap),
	}
}

// opened are descriptors to close on the way out.
type opened []int

func (o *opened) add(fds ...int) { *o = append(*o, fds...) }

// release takes descriptors out, which somebody else closes.
func (o *opened) release(fds ...int) {
	for _, fd := range fds {
		for i, have := range *o {
			if have == fd {
				(*o)[i] = -1
			}
		}
	}
}

func (o *opened) close() {
	for _, fd := range *o {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// close frees what the host has of a dead worker.
func (e *ends) close() error {
	return errors.Join(unix.Close(e.read), unix.Close(e.ring), e.unmap())
}

// patience is how long somebody waits to hear what a worker died of.
const patience = 100 * time.Millisecond
