package audit

import (
	"context"
	"slices"

	"bulkhead/host/gate"
)

// A Selection is what of all that happens reaches the log. Its zero value lets nothing through.
type Selection struct {
	Level  gate.Level
	Except []string // events, or "class.*"; nothing that is mandatory is left out by it
}

// leaves reports whether entries of an event are left out.
func (s Selection) leaves(r gate.Record) bool {
	return !r.Mandatory && (r.From > s.Level || slices.ContainsFunc(s.Except, r.Event.Is))
}

// Select returns log behind a selection. What does not reach it has a zero receipt and no error: whoever may act only
// after an entry goes on as if there were one. An entry that does loses the members above the selection's level, and
// nothing is allocated for that. An event that the catalogue does not know reaches the log, which refuses it: nothing is
// left out by a mistake of its name.
func Select(log gate.Log, s Selection) gate.Log {
	l := &selected{log: log, off: s.Level == gate.Off, verdict: s.Level >= gate.Standard, parent: s.Level >= gate.Detailed, left: map[gate.Event]bool{}}
	for _, r := range gate.Catalogue() {
		if s.leaves(r) {
			l.left[r.Event] = true
		}
	}
	return l
}

// selected is a log behind a selection.
type selected struct {
	log     gate.Log
	off     bool
	left    map[gate.Event]bool // out
	verdict bool                // entries keep the members of level standard
	parent  bool                // and those of level detailed
}

// Wants reports whether an entry of e would reach the log. Who makes many may ask before he makes one.
func (l *selected) Wants(e gate.Event) bool { return !l.off && !l.left[e] }

// Append implements gate.Log.
func (l *selected) Append(ctx context.Context, e gate.Entry) (gate.Receipt, error) {
	if !l.Wants(e.Event) {
		return gate.Receipt{}, nil
	}
	if !l.verdict {
		e.Verdict, e.Grants, e.Micros, e.Fuel, e.Reported = nil, nil, 0, 0, false
	}
	if !l.parent {
		e.Parent = ""
	}
	return l.log.Append(ctx, e)
}
