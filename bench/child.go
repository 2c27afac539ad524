package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bulkhead/bench/peers"
)

// childVariable, set in the environment, makes this program do something that may never end, or be a peer.
const childVariable = "BULKHEAD_BENCH_CHILD"

// child does a task: the name of its kind, then what it is about.
func child(task string, o options) error {
	if task == peers.NetRPC || task == peers.GRPC {
		peers.ServePlugin(task, services(o.root))
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := newBench(o)
	defer b.close()
	defer cancel()
	parts := append(strings.Split(task, "/"), "", "")
	switch parts[0] {
	case taskDeadline:
		return b.peerDeadlines(ctx, parts[1], parts[2])
	case taskCollect:
		return b.collect(ctx, parts[1], parts[2])
	case taskBare:
		return serveBare(parts[1])
	case taskMemory:
		return b.hold(ctx, parts[1])
	}
	return fmt.Errorf("no task %q", task)
}

// ready says that the child has opened what it needs: until then it may be silent for a while.
func ready() { fmt.Println(isReady) }

const (
	isReady = "ready"
	setUp   = 20 * time.Second
)

// tell reports one figure to the parent: nanoseconds, bytes.
func tell(n int64) { fmt.Println(n) }

// ask has a child do a task, and returns the figures that it told, and whether it had to be killed.
func (b *bench) ask(ctx context.Context, task string) (figures []int64, killed bool, err error) {
	return askFor(ctx, b.patience, task)
}

// askFor is ask with another patience, which begins when the child is ready.
func askFor(ctx context.Context, patience time.Duration, task string) (figures []int64, killed bool, err error) {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), childVariable+"="+task)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with whatever it starts, which may spin for ever
	kill := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = kill
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, false, err
	}
	if err := cmd.Start(); err != nil {
		return nil, false, err
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	for silence := setUp; ; {
		select {
		case line, more := <-lines:
			if !more {
				return figures, false, cmd.Wait()
			}
			if line == isReady {
				silence = patience
				continue
			}
			n, err := strconv.ParseInt(line, 10, 64)
			if err != nil {
				return figures, false, fmt.Errorf("%s tells %q", task, line)
			}
			figures = append(figures, n)
		case <-time.After(silence):
			_ = kill()
			for range lines {
			}
			_ = cmd.Wait() // says that it was killed
			return figures, true, nil
		}
	}
}

// task joins what a child is to do. Names have no slash.
func task(parts ...string) string { return strings.Join(parts, "/") }
