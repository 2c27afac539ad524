package crash

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// An outcome is what a child said and how it ended.
type outcome struct {
	acked    acks
	latest   uint64 // of them
	opened   bool
	denied   int
	revived  bool // an append was acknowledged after one had been refused
	pruned   int
	unpruned bool   // a pruning ended with an error
	words    string // of a log that could not be opened, or that failed
	code     int    // exit code; 128 and the signal
}

// acks are the hashes of acknowledged entries, by index.
type acks map[uint64]string

const (
	killed     = 128 + 9
	exitTracer = 255
)

// command is this binary as a child or a tracer.
func command(t *testing.T, role string, what any) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), role+"="+encoded(what))
	cmd.Stderr = os.Stderr
	return cmd
}

// run starts a child, kills it after some time unless that is 0, and returns what became of it.
func run(t *testing.T, j job, life time.Duration) outcome {
	t.Helper()
	return watch(t, command(t, asChild, j), life, nil)
}

// watch runs a command to its end. enough, if not nil, is called with every line as it comes, and kills.
func watch(t *testing.T, cmd *exec.Cmd, life time.Duration, enough func(*outcome) bool) outcome {
	t.Helper()
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if life > 0 {
		defer time.AfterFunc(life, func() { _ = cmd.Process.Kill() }).Stop()
	}
	o := outcome{acked: acks{}}
	err = o.listen(pipe, func() {
		if enough != nil && enough(&o) {
			_ = cmd.Process.Kill()
		}
	})
	if err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	switch err := cmd.Wait(); {
	case errors.As(err, &exit) && exit.ExitCode() < 0:
		o.code = killed
	case errors.As(err, &exit):
		o.code = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return o
}

// listen takes what a child says.
func (o *outcome) listen(r io.Reader, each func()) error {
	in := bufio.NewScanner(r)
	for in.Scan() {
		if err := o.hear(in.Text()); err != nil {
			return err
		}
		each()
	}
	return in.Err()
}

func (o *outcome) hear(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "ACK":
		var index uint64
		var hash string
		if n, _ := fmt.Sscanf(rest, "%d %s", &index, &hash); n != 2 || len(hash) != 64 {
			return fmt.Errorf("the child says %q", line)
		}
		if before, twice := o.acked[index]; twice {
			return fmt.Errorf("entry %d was acknowledged twice, as %s and %s", index, before, hash)
		}
		o.acked[index], o.latest = hash, index
	case "OPEN":
		o.opened = true
	case "DENIED":
		o.denied++
	case "REVIVED":
		o.revived = true
	case "PRUNE":
		o.pruned++
	case "REFUSED", "FAILED":
		o.words = rest
	case "UNPRUNED":
		o.unpruned = true
	default:
		return fmt.Errorf("the child says %q", line)
	}
	return nil
}
