//go:build amd64

package crash

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// An order is what a tracer does.
type order struct {
	Job   job
	Trace string // the file for the events
	Fault fault
}

// A fault befalls some calls of a child.
type fault struct {
	Call  string
	K     int    // the first call that it befalls, counted from 1
	Times int    // how many; 0: one
	Do    string // one of these, or the number of an error
}

const (
	faultKill      = "kill"       // the process ends before the call
	faultKillAfter = "kill-after" // and behind it
	faultShort     = "short"      // half is written, and said so
	faultHole      = "hole"       // seven bytes are not written, and said to be
	faultLoss      = "loss"       // seven bytes are written, and all said to be
	faultNothing   = "nothing"    // the call does nothing and says that it did
)

// said is the event of a line on the child's standard output.
const said = "said"

// An event is a system call of a child on its log's folder, or a line that it said, in the order in which they ended.
type event struct {
	Call   string
	K      int // how many calls of this name there were by then, this one included
	Began  int // how many events had ended when this one began
	Path   string
	To     string // of a rename
	Flags  int
	Offset int64
	Size   int64
	Data   []byte // that was written
	Result int64
	Fault  string
}

// traced runs a child under a tracer and returns what became of it, and its events.
func traced(t *testing.T, j job, f fault) (outcome, []event) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trace")
	o := watch(t, command(t, asTracer, order{Job: j, Trace: file, Fault: f}), 0, nil)
	data, err := os.ReadFile(file)
	if err != nil || o.code == exitBroken || o.code == exitTracer {
		t.Fatalf("the tracer ended with code %d: %v", o.code, err)
	}
	var events []event
	for in := json.NewDecoder(bytes.NewReader(data)); in.More(); {
		var e event
		if err := in.Decode(&e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return o, events
}
