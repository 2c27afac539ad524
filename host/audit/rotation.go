package audit

import (
	"encoding/json"
	"errors"
	"fmt"

	"bulkhead/host/gate"
)

// A rotation is the detail of a segment's first entry.
type rotation struct {
	Open    []uint64              `json:"open"`    // decisions without result
	Segment string                `json:"segment"` // the one before
	Latest  map[gate.Event]uint64 `json:"latest"`  // index of the last entry of each event that a start looks for
}

// sought reports whether a start looks for the last entry of the event: what it ran with before, and how that ended.
func sought(e gate.Event) bool {
	return e == gate.ConfigLoad || e == gate.HostStart || e == gate.HostStop || e == gate.AuditOff
}

// note takes the next entry.
func (w *writer) note(e *gate.Entry, index uint64) {
	w.decisions.follow(e, index)
	if sought(e.Event) {
		w.latest[e.Event] = index
	}
}

func (w *writer) rotateEntry(before uint64) gate.Entry {
	r := rotation{Open: w.decisions.pending(), Segment: segmentName(before), Latest: w.latest}
	if r.Open == nil {
		r.Open = []uint64{}
	}
	detail, _ := json.Marshal(r) // numbers and a name always encode
	return w.hostEntry(gate.AuditRotate, "audit/rotate", segmentName(w.chain.size), gate.Success, "", detail)
}

// parseRotation reads the detail of a segment's first entry.
func parseRotation(e *gate.Entry) (rotation, error) {
	var r rotation
	if e.Event != gate.AuditRotate {
		return r, errors.New("the segment does not begin with the entry of a rotation")
	}
	if err := json.Unmarshal(e.Detail, &r); err != nil {
		return r, fmt.Errorf("reading the entry of a rotation: %w", err)
	}
	if len(r.Open) > maxListed {
		return r, errors.New("the entry of a rotation lists too much")
	}
	return r, nil
}
