package main

import (
	"context"
	"fmt"
	"time"

	"bulkhead/host/gate"
)

// pruneEvery is how often a host looks whether entries have become too old.
const pruneEvery = time.Hour

// A retention prunes the log of a running host until it is stopped.
type retention struct {
	stop context.CancelFunc
	done chan struct{}
}

// retain prunes at once and then whenever tick says so. A log that is off is left as it is: pruning is an entry.
func (h *running) retain(tick <-chan time.Time) {
	if h.sys.Audit.Level == gate.Off || h.sys.Audit.Retention == 0 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	h.retention = &retention{stop, make(chan struct{})}
	go func() {
		defer close(h.retention.done)
		for {
			if err := h.prune(ctx, h.clocks.careful()); err != nil && ctx.Err() == nil {
				h.logger.Error("the log could not be pruned", "error", err)
			}
			select {
			case <-tick:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// close ends the pruning. It may be called without one.
func (r *retention) close() {
	if r != nil {
		r.stop()
		<-r.done
	}
}

// prune deletes what is older than the manifest says. What the host started with is said again before it grows old itself,
// so that the next start finds it. What the manifest's exports have not passed stays.
func (h *running) prune(ctx context.Context, now time.Time) error {
	keep := h.sys.Audit.Retention
	if now.Sub(h.said) >= keep/2 {
		if err := h.sys.note(ctx, h.selected, gate.ConfigLoad, h.sys.Device.Name, "said again, so that pruning does not forget it", h.sys.configured()); err != nil {
			return err
		}
		h.said = now
	}
	from, err := h.sys.exported(ctx, h.sys.cursors())
	if err != nil {
		return err
	}
	p, err := h.log.Prune(ctx, now.Add(-keep), from)
	if err == nil && p.Segments > 0 {
		h.logger.Info("the log was pruned", "entries", fmt.Sprintf("%d to %d", p.First, p.Size-1), "segments", p.Segments)
	}
	return err
}
