package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// childVariable, set in the environment, makes this program do something that may never end, or be a peer.
const childVariable = "BULKHEAD_BENCH_CHILD"

// patience is how long a child may be silent. Then it has frozen and is killed.
const patience = 3 * time.Second

// child does a task: the name of its kind, the guest's and the host's.
func child(task string, o options) error {
	parts := append(strings.Split(task, "/"), "", "")
	switch {
	case task == taskRPC || task == taskGRPC:
		servePlugin(task)
		return nil
	case parts[0] == taskDeadline:
		return extismDeadlines(parts[1])
	case parts[0] == taskCollect:
		ctx, cancel := context.WithCancel(context.Background())
		b := &bench{ctx: ctx, options: o}
		defer b.close()
		defer cancel()
		return b.collect(parts[1], parts[2])
	}
	return fmt.Errorf("no task %q", task)
}

// tell reports one time to the parent.
func tell(d time.Duration) { fmt.Println(int64(d)) }

// ask has a child do a task, and returns the times that it told, and whether it had to be killed.
func ask(ctx context.Context, task string) (times []time.Duration, killed bool, err error) {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), childVariable+"="+task)
	cmd.Stderr = os.Stderr
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
	for {
		select {
		case line, more := <-lines:
			if !more {
				return times, false, cmd.Wait()
			}
			ns, err := strconv.ParseInt(line, 10, 64)
			if err != nil {
				return times, false, fmt.Errorf("%s tells %q", task, line)
			}
			times = append(times, time.Duration(ns))
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			for range lines {
			}
			_ = cmd.Wait() // says that it was killed
			return times, true, nil
		}
	}
}
