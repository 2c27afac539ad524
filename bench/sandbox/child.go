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

// child does a task: name of the kind, and of the endless guest.
func child(task string) error {
	kind, guest, _ := strings.Cut(task, "/")
	switch {
	case task == taskRPC || task == taskGRPC:
		servePlugin(task)
		return nil
	case kind == taskDeadline:
		return extismDeadlines(guest)
	case kind == taskCollect:
		return collectBesidePlain(guest, compiler())
	case kind == taskCollectClosing:
		return collectBesidePlain(guest, closing())
	}
	return fmt.Errorf("no task %q", task)
}

// tell reports one time to the parent.
func tell(d time.Duration) { fmt.Println(int64(d)) }

// ask has a child do a task, and returns the times that it told, and whether it had to be killed.
func ask(ctx context.Context, task string) (times []time.Duration, killed bool, err error) {
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
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
