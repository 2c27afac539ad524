package main

import (
	"context"
	"errors"
	"strings"

	"bulkhead/host/gate"
	"bulkhead/host/state"
)

// A pluginError is why one plugin does not load. It says nothing that its cause does not say.
type pluginError struct {
	alias string
	error
}

// Unwrap returns the cause.
func (e *pluginError) Unwrap() error { return e.error }

// ofPlugin says whose fault err is.
func ofPlugin(alias string, err error) error {
	if err == nil {
		return nil
	}
	return &pluginError{alias, err}
}

// refusals returns every plugin's error in err.
func refusals(err error) (out []*pluginError) {
	switch e := err.(type) {
	case nil:
	case *pluginError:
		return []*pluginError{e}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			out = append(out, refusals(inner)...)
		}
	case interface{ Unwrap() error }:
		return refusals(e.Unwrap())
	}
	return out
}

// maxRefusal is how much of a cause an entry takes, in bytes: it may quote what was refused.
const maxRefusal = 1000

// recordRefusal records why a start failed: an entry for each plugin, or one for all. Nothing of what was refused is in it
// but the words of the error, escaped; the plugin is named as the manifest names it.
func (s *system) recordRefusal(ctx context.Context, log gate.Log, err error) error {
	all := refusals(err)
	if all == nil {
		all = []*pluginError{{"", err}}
	}
	for _, p := range all {
		e := s.hostEntry(gate.PluginRefuse, p.alias, gate.Escape(beginning(p.Error(), maxRefusal)))
		e.Outcome = gate.Failure
		if p.alias == "" {
			e.Resource = s.Device.Name
		}
		if _, err := log.Append(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// beginning is s, or as many whole characters of it as fit into n bytes.
func beginning(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// refuse records why a host did not even begin to start. If another host has the log, it is not this one's to write; one
// that cannot be opened is what the next start will say.
func (s *system) refuse(ctx context.Context, cause error) error {
	dir, err := state.Open(s.Join(s.State))
	if errors.Is(err, state.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	log, err := s.openLog(dir)
	if err != nil {
		return errors.Join(err, dir.Close())
	}
	selected, _ := s.selected(log)
	return errors.Join(s.recordKeys(ctx, selected), s.recordRefusal(ctx, selected, cause), log.Close(), dir.Close())
}
