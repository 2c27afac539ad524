package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bulkhead/host/audit"
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
		return h.sys.prune(ctx, h.log, o, time.Now(), dry)
	}
}
