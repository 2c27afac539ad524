package main

import (
	"errors"
	"fmt"

	"bulkhead/host/audit"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// A history is what the log says of the runs before. It comes from the log alone: a file of its own, authenticated or not,
// could be put back to an older one without a trace, and a change would be hidden; in the log that takes its key.
type history struct {
	started bool        // a host has started with this log
	config  *configured // what the last start was with; nil: there was none, or its entry is gone
	stopped bool        // the last run said that it stopped, or there was none
}

// latest is a way to look into a log, one that is open or one that somebody else may have open.
type latest func(sets ...[]gate.Event) ([]*audit.Found, error)

// inFolder looks into the log of a host that may be running. Nothing proves what it finds.
func inFolder(folder string) latest {
	return func(sets ...[]gate.Event) ([]*audit.Found, error) { return audit.Latest(folder, sets...) }
}

// readHistory looks for the last start and stop.
func readHistory(look latest) (history, error) {
	found, err := look([]gate.Event{gate.ConfigLoad, gate.AuditOff}, []gate.Event{gate.HostStart, gate.HostStop, gate.AuditOff})
	var problem *audit.Problem
	if errors.As(err, &problem) {
		return history{}, refused(fmt.Errorf("looking for the last start: %w", err), "'host audit verify' says more; keep the folder as evidence")
	}
	if err != nil {
		return history{}, fmt.Errorf("looking for the last start: %w", err)
	}
	start, end := found[0], found[1]
	h := history{started: start != nil, stopped: end == nil || end.Entry == nil || end.Entry.Event != gate.HostStart}
	if start == nil || start.Entry == nil {
		return h, nil
	}
	h.config = &configured{}
	if err := strictjson.Decode(start.Entry.Detail, h.config); err != nil {
		return history{}, fmt.Errorf("reading the last start from the log: %w", err)
	}
	return h, nil
}

// ended says in words how the run before ended, "" if as it should.
func (h history) ended() string {
	if h.stopped {
		return ""
	}
	return "the run before ended without a stop: it crashed, was killed, or lost its power"
}
