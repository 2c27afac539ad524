//go:build amd64

package crash

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The tracer is a debugger (ptrace) in a process of its own, between the test and the child. It counts system calls over
// all threads, which strace's injection does not, so that the k-th call of two runs is the same one.

// trace runs an order's child to its end. It returns the child's exit code, or 128 and its signal.
func trace(o order) int {
	runtime.LockOSThread() // a tracer is a thread
	out, err := os.Create(o.Trace)
	if err == nil {
		t := &tracer{order: o, out: json.NewEncoder(out), calls: calls(), count: map[string]int{}, threads: map[int]*thread{}}
		if err = t.start(); err == nil {
			err = t.run()
		}
		if err == nil {
			return t.code
		}
	}
	fmt.Fprintln(os.Stderr, "tracing:", err)
	return exitTracer
}

type tracer struct {
	order   order
	out     *json.Encoder
	calls   map[uint64]string
	count   map[string]int
	threads map[int]*thread
	events  int // written
	pid     int
	code    int
	memory  *os.File
}

// A thread is in a system call or not.
type thread struct {
	inside bool
	event  *event // what to write when the call is over; nil: nothing
	answer *int64 // what to answer instead of the kernel
	kill   bool
}

func (t *tracer) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := os.StartProcess(self, []string{self}, &os.ProcAttr{
		Env:   append(without(os.Environ(), asTracer), asChild+"="+encoded(t.order.Job)),
		Files: []*os.File{nil, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		return err
	}
	t.pid = p.Pid
	var status unix.WaitStatus
	if _, err := unix.Wait4(t.pid, &status, 0, nil); err != nil {
		return err
	}
	t.threads[t.pid] = &thread{}
	if t.memory, err = os.Open(fmt.Sprintf("/proc/%d/mem", t.pid)); err != nil {
		return err
	}
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(t.pid, options); err != nil {
		return err
	}
	return unix.PtraceSyscall(t.pid, 0)
}

func without(env []string, name string) []string {
	var out []string
	for _, v := range env {
		if !strings.HasPrefix(v, name+"=") {
			out = append(out, v)
		}
	}
	return out
}

// run lets the child's threads go from stop to stop until none is left.
func (t *tracer) run() error {
	for {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.ECHILD:
			return nil
		case err != nil:
			return err
		}
		if !status.Stopped() {
			t.ended(tid, status)
			continue
		}
		signal, err := t.stopped(tid, status)
		if err == nil {
			err = unix.PtraceSyscall(tid, int(signal))
		}
		if err != nil && err != unix.ESRCH { // killed in the meantime
			return err
		}
	}
}

func (t *tracer) ended(tid int, status unix.WaitStatus) {
	delete(t.threads, tid)
	switch {
	case tid != t.pid:
	case status.Signaled():
		t.code = 128 + int(status.Signal())
	default:
		t.code = status.ExitStatus()
	}
}

// stopped deals with a stop and returns the signal to go on with.
func (t *tracer) stopped(tid int, status unix.WaitStatus) (syscall.Signal, error) {
	th, known := t.threads[tid]
	if !known {
		th = &thread{}
		t.threads[tid] = th
	}
	switch signal := status.StopSignal(); {
	case signal == systemCall && !th.inside:
		th.inside = true
		return 0, t.before(tid, th)
	case signal == systemCall:
		th.inside = false
		return 0, t.behind(tid, th)
	case status.TrapCause() > 0, !known && signal == syscall.SIGSTOP: // a new thread
		return 0, nil
	default:
		return signal, nil
	}
}

// before is called when a thread is about to make a system call.
func (t *tracer) before(tid int, th *thread) error {
	var r registers
	if err := r.load(tid); err != nil {
		return err
	}
	th.event, th.answer, th.kill = nil, nil, false
	name, ok := t.calls[r.call()]
	if !ok {
		return nil
	}
	e := &event{Call: name, Began: t.events}
	if !t.describe(e, &r) {
		return nil
	}
	th.event = e
	if e.Call == said {
		return nil
	}
	t.count[name]++
	e.K = t.count[name]
	if f := t.order.Fault; f.Call == name && e.K >= f.K && e.K < f.K+max(1, f.Times) {
		return t.inject(tid, th, &r)
	}
	return nil
}

// behind is called when a system call is over.
func (t *tracer) behind(tid int, th *thread) error {
	if th.event == nil {
		return nil
	}
	var r registers
	if err := r.load(tid); err != nil {
		return err
	}
	if th.answer != nil {
		r.answer(*th.answer)
		if err := r.store(tid); err != nil {
			return err
		}
	}
	e := th.event
	if e.Result = r.result(); e.Call == "write" || e.Call == "pwrite64" {
		e.Data = e.Data[:max(0, min(int64(len(e.Data)), e.Result))]
	}
	t.events++
	if err := t.out.Encode(e); err != nil {
		return err
	}
	if th.kill {
		return unix.Kill(t.pid, unix.SIGKILL)
	}
	return nil
}

// inject puts the order's fault in place of a call.
func (t *tracer) inject(tid int, th *thread, r *registers) error {
	f := t.order.Fault
	answer := func(n int64) { th.answer = &n }
	length := int(r.args()[2])
	th.event.Fault = f.Do
	switch f.Do {
	case faultKill:
		th.event = nil
		return unix.Kill(t.pid, unix.SIGKILL)
	case faultKillAfter:
		th.kill = true
		return nil
	case faultShort:
		r.shorten(min(max(length/2, 1), length))
	case faultHole: // a lie: the first bytes are said to be written and are not
		r.skip()
		answer(int64(min(7, length)))
	case faultLoss: // a lie: everything is said to be written, and the end is not
		r.shorten(min(7, length))
		answer(int64(length))
	case faultNothing:
		r.skip()
		answer(0)
	default:
		number, err := strconv.Atoi(f.Do)
		if err != nil {
			return err
		}
		r.skip()
		answer(-int64(number))
	}
	return r.store(tid)
}
