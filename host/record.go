package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"bulkhead/host/audit"
	"bulkhead/host/gate"
)

// selected is log as everybody but the log itself writes to it: behind the manifest's selection and the clocks.
func (s *system) selected(log *audit.Log) (gate.Log, *clockLog) {
	clocks := newClockLog(log, s, newTwoClocks(), log.Time())
	return audit.Select(clocks, s.selection()), clocks
}

// selection is what the manifest lets into the log.
func (s *system) selection() audit.Selection {
	return audit.Selection{Level: s.Audit.Level, Except: s.Audit.Except}
}

// hostEntry is an entry about what the host did of its own accord. Its action is the event's name with a slash.
func (s *system) hostEntry(e gate.Event, resource, reason string) gate.Entry {
	return gate.Entry{
		Actor: "system/host", Action: strings.Replace(string(e), ".", "/", 1), Resource: resource, Outcome: gate.Success, Kind: gate.KindHost,
		Event: e, Reason: reason, Development: s.development,
	}
}

// note records what the host did, with a detail, nil for none.
func (s *system) note(ctx context.Context, log gate.Log, e gate.Event, resource, reason string, detail any) error {
	entry := s.hostEntry(e, resource, reason)
	if detail != nil {
		var err error
		if entry.Detail, err = json.Marshal(detail); err != nil {
			return fmt.Errorf("encoding the detail of %s: %w", e, err)
		}
	}
	_, err := log.Append(ctx, entry)
	return err
}
