package main

import (
	"fmt"

	"bulkhead/host/audit"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// A history is what the log says of the runs before. It comes from the log alone: a file of its own, authenticated or not,
// could be put back to an older one without a trace, and a change would be hidden; in the log that takes its key.
type history struct {
	config  *configured // what the last start was with; nil: no host has started with this log
	stopped bool        // the last run said that it stopped, or there was none
}

// readHistory looks for the last start and stop in a log's folder.
func readHistory(folder string) (history, error) {
	found, err := audit.Latest(folder, []gate.Event{gate.ConfigLoad, gate.AuditOff}, []gate.Event{gate.HostStart, gate.HostStop, gate.AuditOff})
	if err != nil {
		return history{}, fmt.Errorf("looking for the last start: %w", err)
	}
	h := history{stopped: found[1] == nil || found[1].Event != gate.HostStart}
	if found[0] == nil {
		return h, nil
	}
	h.config = &configured{}
	if err := strictjson.Decode(found[0].Detail, h.config); err != nil {
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
