package audit

import (
	"cmp"
	"slices"

	"bulkhead/host/gate"
)

// Bounds of the decisions without result that a log may have at one time. Far more calls than that cannot run; a segment
// begins only when its first entry can list them.
const (
	maxOpen   = 1 << 20
	maxListed = 2048
)

// A question is what tells one decision from another. Calls of one client request may share it.
type question struct{ call, action, resource string }

// An open decision has no result yet.
type openDecision struct {
	index uint64 // of the first entry with this question
	count int
}

// decisions are those without result.
type decisions struct {
	open  map[question]openDecision
	count int // of all of them
}

func newDecisions() decisions { return decisions{open: map[question]openDecision{}} }

// opens reports whether a result must follow the entry.
func opens(e *gate.Entry) bool { return e.Kind == gate.KindDecision && e.Outcome == gate.Success }

// takes reports whether there is room for the entry.
func (d *decisions) takes(e *gate.Entry) bool { return !opens(e) || d.count < maxOpen }

// follow takes the next entry.
func (d *decisions) follow(e *gate.Entry, index uint64) {
	allowed := opens(e)
	if !allowed && e.Kind != gate.KindResult {
		return
	}
	q := question{e.Call, e.Action, e.Resource}
	o := d.open[q]
	switch {
	case allowed:
		d.count++
	case o.count > 0:
		d.count--
	}
	switch {
	case allowed && o.count == 0:
		o = openDecision{index, 1}
	case allowed:
		o.count++
	case o.count <= 1:
		delete(d.open, q)
		return
	default:
		o.count--
	}
	d.open[q] = o
}

// pending returns one index for each decision that is open, in the order of the log.
func (d *decisions) pending() []uint64 {
	var out []uint64
	for _, o := range d.open {
		for range o.count {
			out = append(out, o.index)
		}
	}
	slices.SortFunc(out, cmp.Compare)
	return out
}
