package capability

import (
	"context"
	"encoding/binary"
	"math"
	"sync"
	"time"

	"bulkhead/abi"
)

// progressInterval is the least time between two reports that reach the client.
const progressInterval = time.Second / 4

// progress is what is known of one call's.
type progress struct {
	sink func(done, total float64)

	mu          sync.Mutex
	started     bool
	done, total float64 // of the last report
	sent        float64 // done of the last one that reached the sink
	at          time.Time
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
func (b *binding) progress(ctx context.Context, in []byte) error {
	if len(in) != 16 {
		return abi.ErrInvalid
	}
	p, _ := ctx.Value(progressKey{}).(*progress)
	if p == nil || b.Role != abi.RoleTool || ctx.Err() != nil {
		return nil
	}
	done := math.Float64frombits(binary.LittleEndian.Uint64(in))
	total := math.Float64frombits(binary.LittleEndian.Uint64(in[8:]))
	due, err := p.take(done, total, time.Now())
	if due {
		p.sink(done, total)
	}
	return err
}

// take checks a report and says whether it is time to send it.
func (p *progress) take(done, total float64, now time.Time) (due bool, err error) {
	if !finite(done) || !finite(total) || done < 0 || total < 0 {
		return false, abi.ErrInvalid
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started && (done < p.done || total != p.total) {
		return false, abi.ErrInvalid
	}
	due = !p.started || done > p.sent && now.Sub(p.at) >= progressInterval
	p.started, p.done, p.total = true, done, total
	if due {
		p.sent, p.at = done, now
	}
	return due, nil
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
