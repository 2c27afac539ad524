package capability

import (
	"context"
	"sync"
	"time"

	"bulkhead/abi"
)

// progressInterval is the least time between two reports that reach the client.
const progressInterval = time.Second / 4

// progress is what is known of one call's.
type progress struct {
	sink func(done, total float64)

	mu    sync.Mutex
	ratio abi.Ratio
	sent  float64 // done of the last report that reached the sink
	at    time.Time
}

type progressKey struct{}

// WithProgress returns a context in which the reports of the tool plugin that runs reach sink: finite numbers, done never
// decreasing, total always the same (0 if unknown), at most four a second. Reports within that time are dropped. A nil
// sink ends it. Without WithProgress nobody asked, and reports go nowhere.
func WithProgress(ctx context.Context, sink func(done, total float64)) context.Context {
	var p *progress
	if sink != nil {
		p = &progress{sink: sink}
	}
	return context.WithValue(ctx, progressKey{}, p)
}

// progress passes a report on. Only tools report: the client did not ask policies how far they are.
func (b *Binding) progress(ctx context.Context, in []byte) error {
	p, _ := ctx.Value(progressKey{}).(*progress)
	if p == nil || b.Role != abi.RoleTool || ctx.Err() != nil {
		return nil
	}
	r, due, err := p.take(in, time.Now())
	if due {
		p.sink(r.Done, r.Total)
	}
	return err
}

// take takes a report, if it may come next, and says whether it is time to send it.
func (p *progress) take(in []byte, now time.Time) (r abi.Ratio, due bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.ratio == abi.Ratio{}
	if err := p.ratio.Report(in); err != nil {
		return r, false, err
	}
	if due = first || p.ratio.Done > p.sent && now.Sub(p.at) >= progressInterval; due {
		p.sent, p.at = p.ratio.Done, now
	}
	return p.ratio, due, nil
}
