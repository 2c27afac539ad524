package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// A job is what a child does with a log.
type job struct {
	Dir       string
	Key       string // file of the log's key
	Life      string // tells this process's entries from others'
	Producers int
	Rounds    int   // of each producer; 0: until something stops it
	Padding   int   // bytes in each entry
	Segment   int64 // size of a segment; 0: as the log likes
	Prune     bool
	SignEach  []string
	FileSize  uint64 // RLIMIT_FSIZE; 0: none

	signer *checkpoint.Signer // of Key, in this process
}

// How a child ends that is not killed.
const (
	exitDone   = 0
	exitBroken = 1 // something that must not be, in words on standard error
	exitPanic  = 2 // as Go's runtime ends a program
	exitOpen   = 3 // the log could not be opened
	exitFailed = 4 // the log failed
)

// A reporter says on standard output what the log has promised: whole lines, each in one write.
type reporter struct{ mu sync.Mutex }

func (r *reporter) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(os.Stdout, format+"\n", args...)
}

// child does a job and says "ACK index hash" for each entry as soon as its Append has returned.
func child(j job) int {
	if j.FileSize > 0 {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: j.FileSize, Max: j.FileSize}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return exitBroken
		}
	}
	var out reporter
	l, err := openLog(j)
	if err != nil {
		out.say("REFUSED %s", oneLine(err))
		return exitOpen
	}
	out.say("OPEN")
	var all sync.WaitGroup
	for p := range j.Producers {
		all.Go(func() { produce(j, l, &out, p) })
	}
	all.Wait()
	if err := errors.Join(l.Err(), l.Close()); err != nil {
		out.say("FAILED %s", oneLine(err))
		return exitFailed
	}
	return exitDone
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", " ") }

// stubborn is how many more appends a producer tries once the log has refused one.
const stubborn = 3

func produce(j job, l *audit.Log, out *reporter, p int) {
	refused := 0
	for i := 0; (j.Rounds == 0 || i < j.Rounds) && refused <= stubborn; i++ {
		for _, e := range entries(j, p, i) {
			r, err := l.Append(context.Background(), e)
			if err != nil {
				refused++
				out.say("DENIED %s", oneLine(err))
				break
			}
			if refused > 0 {
				out.say("REVIVED %d", r.Index)
			}
			out.say("ACK %d %s", r.Index, r.Hash)
		}
		if j.Prune && p == 0 && i%pruneEvery == pruneEvery-1 && refused == 0 {
			out.say("PRUNE")
			if err := prune(l, time.Now()); err != nil {
				out.say("UNPRUNED %s", oneLine(err))
			}
		}
	}
}

// pruneEvery is how many rounds of the first producer lie between two prunings.
const pruneEvery = 5

// entries are those of one round: a note, or a call's decision and result.
func entries(j job, producer, round int) []gate.Entry {
	name := fmt.Sprintf("%s/%d/%d", j.Life, producer, round)
	padding := strings.Repeat("x", j.Padding)
	if round%2 == 0 {
		return []gate.Entry{{
			Actor: "system/host", Action: "test", Resource: name, Reason: padding, Outcome: gate.Success,
			Kind: gate.KindHost, Event: gate.HostAdmin,
		}}
	}
	decision := gate.Entry{
		Actor: "crash", Action: "tools/call", Resource: "tool", Call: name, Reason: padding, Outcome: gate.Success,
		Kind: gate.KindDecision, Event: gate.CallDecision,
	}
	result := decision
	result.Kind, result.Event = gate.KindResult, gate.CallResult
	return []gate.Entry{decision, result}
}
