package cache

import (
	"sync"
	"time"
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

	mu      sync.Mutex
	buckets [2]bucket // of failures, of rejections
}

type bucket struct {
	left    int
	since   time.Time // when left was full or last grew
	skipped int
}

func newReporter(report func(Event)) *reporter {
	r := &reporter{report: report, now: time.Now}
	for i := range r.buckets {
		r.buckets[i] = bucket{left: reportBurst, since: r.now()}
	}
	return r
}

// say reports e, or counts it.
func (r *reporter) say(e Event) {
	if r.report == nil {
		return
	}
	r.mu.Lock()
	b := &r.buckets[kind(e.Rejected)]
	b.fill(r.now())
	if b.left == 0 {
		b.skipped++
		r.mu.Unlock()
		return
	}
	b.left--
	e.Skipped, b.skipped = b.skipped, 0
	r.mu.Unlock()
	r.report(e)
}

func (b *bucket) fill(now time.Time) {
	if n := int(now.Sub(b.since) / reportEvery); n > 0 {
		b.left, b.since = min(reportBurst, b.left+n), now
	}
}

// close reports what was only counted.
func (r *reporter) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rejected := range []bool{false, true} {
		b := &r.buckets[kind(rejected)]
		if b.skipped > 0 {
			r.report(Event{Rejected: rejected, Reason: "more of the same", Skipped: b.skipped})
			b.skipped = 0
		}
	}
}

func kind(rejected bool) int {
	if rejected {
		return 1
	}
	return 0
}
