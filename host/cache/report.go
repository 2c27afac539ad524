package cache

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The pace of reports of one kind: whoever can write to the folder must not be able to fill the log with it.
const (
	reportBurst = 16
	reportEvery = time.Minute
)

// A reporter bounds what is reported, and loses nothing uncounted.
type reporter struct {
	report func(Event)
	now    func() time.Time

	mu                   sync.Mutex
	rejections, failures tally
}

type tally struct {
	pace    *rate.Limiter
	skipped int
}

func newReporter(report func(Event)) *reporter {
	pace := func() tally { return tally{pace: rate.NewLimiter(rate.Every(reportEvery), reportBurst)} }
	return &reporter{report: report, now: time.Now, rejections: pace(), failures: pace()}
}

// say reports e, or counts it.
func (r *reporter) say(e Event) {
	if r.report != nil && r.count(&e) {
		r.report(e)
	}
}

// count reports whether it is e's turn, and lets e speak for those that were not.
func (r *reporter) count(e *Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &r.failures
	if e.Rejected {
		t = &r.rejections
	}
	if !t.pace.AllowN(r.now(), 1) {
		t.skipped++
		return false
	}
	e.Skipped, t.skipped = t.skipped, 0
	return true
}

// close reports what was only counted.
func (r *reporter) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range []*tally{&r.rejections, &r.failures} {
		if t.skipped > 0 {
			r.report(Event{Rejected: t == &r.rejections, Reason: "more of the same", Skipped: t.skipped})
			t.skipped = 0
		}
	}
}
