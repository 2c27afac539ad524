//go:build amd64

package crash

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// faults are what may befall a call of each name.
func faults(call string) []string {
	eio, enospc, eintr := number(unix.EIO), number(unix.ENOSPC), number(unix.EINTR)
	all := []string{eio, enospc, eintr, faultKill, faultKillAfter}
	switch call {
	case "write", "pwrite64":
		return append(all, faultShort, faultHole, faultLoss)
	case "openat":
		return append(all, number(unix.EMFILE))
	}
	return all
}

func number(e unix.Errno) string { return strconv.Itoa(int(e)) }

// small is a job on a copy of a log that is about to begin its third segment: the job begins it, takes the first one away,
// and has one producer, so that two runs make the same calls.
func small(t *testing.T, m template) job {
	t.Helper()
	j := m.copied(t)
	j.Life, j.Rounds, j.Prune = "n", 2*pruneEvery, true
	return j
}

// The n-loop: whatever call fails, and however: nothing acknowledged is lost, nothing is acknowledged after a failure, and
// the next start goes on.
func TestEveryFaultFailsClosedAndLosesNothing(t *testing.T) {
	seed := seeded(t)
	m := newTemplate(t, beforeThird)
	o, events := traced(t, small(t, m), fault{})
	if o.code != exitDone || len(o.acked) < 12 {
		t.Fatalf("without a fault the child ended with code %d and %d entries: %s", o.code, len(o.acked), o.words)
	}
	cases := enumerate(events)
	all := len(cases)
	if n := length(100, all); n < all {
		chance(seed, 0).Shuffle(all, func(i, k int) { cases[i], cases[k] = cases[k], cases[i] })
		cases = cases[:n]
	}
	ends := map[int]int{}
	for _, f := range cases {
		ends[injected(t, m, f)]++
	}
	t.Logf("%d of %d faults; the child's ends, by code: %v", len(cases), all, ends)
}

// enumerate lists every fault for every call.
func enumerate(events []event) []fault {
	count := map[string]int{}
	for _, e := range events {
		if e.Call == "unknown" {
			panic("a call that the suite does not know touched " + e.Path)
		}
		count[e.Call] = max(count[e.Call], e.K)
	}
	var out []fault
	for _, call := range slices.Sorted(maps.Keys(count)) {
		for k := range count[call] {
			for _, do := range faults(call) {
				out = append(out, fault{Call: call, K: k + 1, Do: do})
			}
		}
	}
	return out
}

// injected runs a child into a fault and judges it.
func injected(t *testing.T, m template, f fault) int {
	t.Helper()
	j := small(t, m)
	defer os.RemoveAll(filepath.Dir(j.Dir))
	o, events := traced(t, j, f)
	maps.Copy(o.acked, m.acked)
	if err := judge(f, o, events); err != nil {
		t.Errorf("%+v of %s: %v", f, befell(events), err)
	}
	err := check(j, o.acked)
	if f.Do == faultHole || f.Do == faultLoss {
		if err != nil && !errors.Is(err, errReported) && clean(j) {
			t.Errorf("%+v of %s: nobody noticed the lie: %v", f, befell(events), err)
		}
		return o.code
	}
	if err != nil {
		t.Errorf("%+v of %s: %v", f, befell(events), err)
	}
	if err == nil && o.code == exitDone && !clean(j) {
		t.Errorf("%+v: the child ended well, and its log was repaired", f)
	}
	return o.code
}

// fallen finds the first call that a fault befell, -1 if there is none.
func fallen(events []event) int {
	return slices.IndexFunc(events, func(e event) bool { return e.Fault != "" })
}

// befell is the path of that call.
func befell(events []event) string {
	if at := fallen(events); at >= 0 {
		return events[at].Path
	}
	return "nothing"
}

// judge says what is wrong with how a child took a fault.
func judge(f fault, o outcome, events []event) error {
	at := fallen(events)
	switch {
	case o.code == exitPanic:
		return fmt.Errorf("the child panicked")
	case o.revived:
		return fmt.Errorf("an append was acknowledged after one had been refused")
	case f.Do == faultKill || f.Do == faultKillAfter:
		if o.code != killed {
			return fmt.Errorf("the child was to be killed, and ended with code %d", o.code)
		}
		return nil
	case at < 0: // the log publishes by the clock: there are runs with a call more
		if o.code != exitDone {
			return fmt.Errorf("the child ended with code %d before the call came: %s", o.code, o.words)
		}
		return nil
	case f.Do == number(unix.EINTR) && retried(f.Call), f.Do == faultShort:
		if o.code != exitDone {
			return fmt.Errorf("the child ended with code %d, though nothing was wrong: %s", o.code, o.words)
		}
		return nil
	case o.unpruned: // its caller was told
	case vital(f.Call) && events[at].Result < 0:
		if o.code != exitFailed && o.code != exitOpen {
			return fmt.Errorf("the child ended with code %d after a failed %s of %s", o.code, f.Call, events[at].Path)
		}
		if strings.HasSuffix(events[at].Path, ".log") && slices.ContainsFunc(events[at:], func(e event) bool { return e.Call == said && string(e.Data[:3]) == "ACK" }) {
			return fmt.Errorf("an entry was acknowledged after a failed %s of %s", f.Call, events[at].Path)
		}
	}
	return nil
}

// retried calls are made again by Go's library after EINTR.
func retried(call string) bool {
	return slices.Contains([]string{"openat", "read", "write", "pwrite64", "fsync", "ftruncate"}, call)
}

// vital calls may not fail and the log go on.
func vital(call string) bool {
	return slices.Contains([]string{"write", "pwrite64", "fsync", "fdatasync", "rename"}, call)
}
