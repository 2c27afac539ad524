package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bulkhead/host/audit"
	"bulkhead/host/audit/export"
	"bulkhead/host/gate"
	"bulkhead/host/manifest"
)

// The actions of pruning over the control socket: to do it, and to say what it would do.
const (
	actionPrune    = gate.AdminPrefix + "prune"
	actionPrunable = gate.AdminPrefix + "prunable"
)

// A pruneOrder says what may go. As text it is the resource of the action, so that the log says what was asked for.
type pruneOrder struct {
	before time.Time // entries from then on stay
	keep   *uint64   // this one stays, with all that follow; nil: no such limit
}

const keepWord = " keep "

func (o pruneOrder) String() string {
	text := o.before.UTC().Format(time.RFC3339)
	if o.keep != nil {
		text += keepWord + strconv.FormatUint(*o.keep, 10)
	}
	return text
}

// parsePruneOrder reads what String gives.
func parsePruneOrder(text string) (o pruneOrder, err error) {
	when, index, limited := strings.Cut(text, keepWord)
	if o.before, err = time.Parse(time.RFC3339, when); err == nil && limited {
		o.keep = new(uint64)
		*o.keep, err = strconv.ParseUint(index, 10, 64)
	}
	if err != nil || o.String() != text {
		return pruneOrder{}, fmt.Errorf("%q does not say what may be pruned", text)
	}
	return o, nil
}

// exported returns the entry from which on everything stays: the first that one of the cursors has not passed. A cursor
// that is missing, or is not of this log, is an error: then nothing may go.
func (s *system) exported(ctx context.Context, cursors []string) (*uint64, error) {
	var keep *uint64
	for _, path := range cursors {
		index, err := s.passed(ctx, path)
		if err != nil {
			return nil, err
		}
		if keep == nil || index < *keep {
			keep = &index
		}
	}
	return keep, nil
}

// passed returns how far a cursor has come, which must be one of this log.
func (s *system) passed(ctx context.Context, path string) (uint64, error) {
	at, err := export.ReadCursor(path)
	if err != nil {
		return 0, usage(err)
	}
	feed, err := new(logKey).feed(s.logFolder())
	if err != nil {
		return 0, err
	}
	defer feed.Close()
	if err := export.Check(ctx, feed, at); err != nil {
		return 0, refused(fmt.Errorf("the cursor %s: %w", path, err), "a cursor of another log says nothing about this one")
	}
	return at.Index, nil
}

// cursors are those that the manifest names.
func (s *system) cursors() []string {
	var out []string
	for _, path := range s.Audit.Exported {
		out = append(out, s.Join(path))
	}
	return out
}

// A pruneResult says what went, or would go, and what stayed in spite of its age.
type pruneResult struct {
	audit.Pruned
	Dry  bool   `json:"dry_run,omitempty"`
	Kept uint64 `json:"kept,omitempty"` // entries that are old enough and stayed for the order's limit
}

// prune obeys an order, as far as the manifest's retention lets it.
func (s *system) prune(ctx context.Context, log *audit.Log, o pruneOrder, now time.Time, dry bool) (pruneResult, error) {
	if s.Audit.Level == gate.Off {
		return pruneResult{}, errors.New("the log is off, and pruning is an entry of it")
	}
	retention := s.Audit.Retention
	if retention == 0 {
		return pruneResult{}, errors.New(`the manifest keeps the log for ever: [audit] retention = "forever"`)
	}
	if o.before.After(now.Add(-retention)) {
		return pruneResult{}, fmt.Errorf("entries younger than %s stay: the manifest's [audit] retention says so", manifest.FormatRetention(retention))
	}
	keep, err := s.exported(ctx, s.cursors())
	if err != nil {
		return pruneResult{}, err
	}
	if o.keep == nil || keep != nil && *keep < *o.keep {
		o.keep = keep
	}
	old, err := log.Prunable(o.before, nil)
	if err != nil {
		return pruneResult{}, err
	}
	r := pruneResult{Dry: dry}
	if dry {
		r.Pruned, err = log.Prunable(o.before, o.keep)
	} else {
		r.Pruned, err = log.Prune(ctx, o.before, o.keep)
	}
	if err == nil && old.Size > r.Size {
		r.Kept = old.Size - max(r.Size, old.First)
	}
	return r, err
}

// pruneAct is the order of an administrator to a running host.
func (h *running) pruneAct(dry bool) func(context.Context, string) (any, error) {
	return func(ctx context.Context, resource string) (any, error) {
		o, err := parsePruneOrder(resource)
		if err != nil {
			return nil, err
		}
		if h.clocks.advanced.Load() {
			return nil, errors.New("the wall clock has jumped forwards, so everything looks old: nothing goes before the next start")
		}
		return h.sys.prune(ctx, h.log, o, time.Now(), dry)
	}
}
