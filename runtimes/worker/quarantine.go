package worker

import (
	"fmt"
	"slices"
	"time"

	"bulkhead/runtimes"
)

// A quarantine keeps a plugin whose workers die again and again from wearing the machine out. Each is longer than the one
// before; a quiet time makes the next shorter again. Its zero value is a healthy plugin.
type quarantine struct {
	recent []time.Time // deaths that count
	last   time.Time
	level  int
	until  time.Time
	reason string
}

const (
	manyDeaths  = 3 // within deathWindow put a plugin in quarantine
	deathWindow = 10 * time.Second
	firstTime   = time.Second
	longestTime = time.Minute
	quietTime   = time.Minute // without a death halves the next quarantine
	maxLevel    = 6           // firstTime << maxLevel is longestTime or more
)

// died counts a death.
func (q *quarantine) died(now time.Time, reason string) {
	quiet := now.Sub(q.last)
	if q.until.After(q.last) { // nobody can die in quarantine
		quiet = now.Sub(q.until)
	}
	q.level = max(0, q.level-int(min(quiet/quietTime, maxLevel)))
	q.last, q.reason = now, reason
	q.recent = append(slices.DeleteFunc(q.recent, func(t time.Time) bool { return now.Sub(t) >= deathWindow }), now)
	if len(q.recent) < manyDeaths {
		return
	}
	q.until = now.Add(min(firstTime<<q.level, longestTime))
	q.level = min(q.level+1, maxLevel)
	q.recent = nil
}

// refuse returns the error of calls during a quarantine.
func (q *quarantine) refuse(now time.Time) error {
	if !now.Before(q.until) {
		return nil
	}
	return fmt.Errorf("%w until %s: %s", runtimes.ErrQuarantined, q.until.UTC().Format(time.RFC3339), q.reason)
}
