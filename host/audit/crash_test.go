package audit

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary is also the child that these tests kill.
const (
	childDir  = "BULKHEAD_AUDIT_CHILD" // the child's log folder
	childSize = "BULKHEAD_AUDIT_FSIZE" // its RLIMIT_FSIZE
	kills     = "BULKHEAD_AUDIT_KILLS" // how often the parent kills; 20 if unset
	producers = 4
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child appends for ever and says "ACK index hash" for each acknowledged entry. It returns 0 when the log has failed.
func child(dir string) int {
	if size, err := strconv.ParseUint(os.Getenv(childSize), 10, 64); err == nil {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: size}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	l, err := Open(Config{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	out := make(chan string)
	for p := range producers {
		go func() {
			for i := 0; ; i++ {
				r, err := l.Append(ctx, note(fmt.Sprintf("%d-%d", p, i)))
				if err != nil {
					return
				}
				out <- fmt.Sprintf("ACK %d %s\n", r.Index, r.Hash)
			}
		}()
	}
	for {
		select {
		case text := <-out:
			os.Stdout.WriteString(text)
		case <-l.Failed():
			if !errors.Is(l.Err(), unix.EFBIG) {
				fmt.Fprintln(os.Stderr, l.Err())
				return 1
			}
			return 0
		}
	}
}

// runChild runs a child until it ends or, after some time, is killed, and returns what it acknowledged.
func runChild(t *testing.T, dir string, life time.Duration, env ...string) (map[uint64]string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), append(env, childDir+"="+dir)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := map[uint64]string{}
	var timer *time.Timer
	in := bufio.NewScanner(out)
	for in.Scan() {
		if timer == nil { // from the first acknowledgement on, so that a slow start is no excuse
			timer = time.AfterFunc(life, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
		}
		var i uint64
		var hash string
		if n, _ := fmt.Sscanf(in.Text(), "ACK %d %s", &i, &hash); n == 2 && len(hash) == hashLen {
			acked[i] = hash
		}
	}
	return acked, cmd.Wait()
}

func TestKilledHostLosesNothing(t *testing.T) {
	rounds := 20
	if n, err := strconv.Atoi(os.Getenv(kills)); err == nil {
		rounds = n
	}
	dir := t.TempDir()
	total := 0
	for range rounds {
		acked, err := runChild(t, dir, time.Duration(1+rand.IntN(40))*time.Millisecond)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatalf("the child ended by itself: %v", err)
		}
		wantAll(t, dir, acked)
		total += len(acked)
		if total > 20_000 { // keep the log small
			dir, total = t.TempDir(), 0
		}
	}
}

// A real device that takes no more: the kernel's own limit on file size.
func TestFullDeviceFailsClosed(t *testing.T) {
	dir := t.TempDir()
	acked, err := runChild(t, dir, time.Minute, childSize+"=20001")
	if err != nil {
		t.Fatalf("the child: %v", err)
	}
	if len(acked) < 10 {
		t.Errorf("only %d entries before the limit", len(acked))
	}
	wantAll(t, dir, acked)
	if info, err := os.Stat(filepath.Join(dir, FileName)); err != nil || info.Size() > 20001 {
		t.Errorf("size %d, %v", info.Size(), err)
	}
	report, err := VerifyFile(filepath.Join(dir, FileName), nil)
	if err != nil {
		t.Errorf("the failing host left a torn log: %+v, %v", report, err)
	}
}
