package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"bulkhead/host/gate"
)

// A twoClocks reads the wall clock and, at the same moment, one that only passes: it never jumps.
type twoClocks func() (wall time.Time, passed time.Duration)

// newTwoClocks reads the machine's.
func newTwoClocks() twoClocks {
	start := time.Now()
	return func() (time.Time, time.Duration) {
		now := time.Now()
		return now.Round(0), now.Sub(start)
	}
}

// A clockLog looks at the clocks before each entry. Where the wall clock has moved against the other by more than
// clockSlack, whoever set it, an entry says so first: times in the log are what that clock said.
type clockLog struct {
	log      gate.Log
	system   *system
	read     twoClocks
	ahead    atomic.Int64 // wall clock less the other, in microseconds, when last seen
	advanced atomic.Bool  // it has jumped forwards
	past     time.Time    // of the last entry when the clocks began, or of the wall clock then; the other clock said began
	began    time.Duration
}

// newClockLog puts the clocks before log, whose last entry is of a time that is past: a wall clock that lies before it has
// jumped already.
func newClockLog(log gate.Log, s *system, read twoClocks, last time.Time) *clockLog {
	c := &clockLog{log: log, system: s, read: read}
	wall, passed := read()
	c.past, c.began = wall, passed
	if !last.IsZero() && last.Before(wall) {
		c.past = last
	}
	if last.Before(wall.Add(clockSlack)) {
		last = wall
	}
	c.ahead.Store(last.UnixMicro() - passed.Microseconds())
	return c
}

// Append implements gate.Log.
func (c *clockLog) Append(ctx context.Context, e gate.Entry) (gate.Receipt, error) {
	if err := c.look(ctx); err != nil {
		return gate.Receipt{}, err
	}
	return c.log.Append(ctx, e)
}

// careful is the time for what cannot be taken back: the wall clock, unless it has jumped forwards. Then nobody knows which
// was right, and only the time counts that has passed since.
func (c *clockLog) careful() time.Time {
	wall, passed := c.read()
	if least := c.past.Add(passed - c.began); c.advanced.Load() && least.Before(wall) {
		return least
	}
	return wall
}

// look records a jump, once.
func (c *clockLog) look(ctx context.Context) error {
	wall, passed := c.read()
	ahead, was := wall.UnixMicro()-passed.Microseconds(), c.ahead.Load()
	delta := ahead - was
	if limit := clockSlack.Microseconds(); delta >= -limit && delta <= limit || !c.ahead.CompareAndSwap(was, ahead) {
		return nil
	}
	if delta > 0 {
		c.advanced.Store(true)
	}
	detail, err := json.Marshal(clockJump{stampMicro(wall.UnixMicro() - delta), stampMicro(wall.UnixMicro()), float64(delta) / 1e6})
	if err != nil {
		return err
	}
	e := c.system.hostEntry(gate.ClockJump, c.system.Device.Name, fmt.Sprintf("the wall clock has moved by %.3f seconds", float64(delta)/1e6))
	e.Detail = detail
	_, err = c.log.Append(ctx, e)
	return err
}

// A clockJump is the detail of clock.jump: what the wall clock would have said, and what it said.
type clockJump struct {
	Old   string  `json:"old"`
	New   string  `json:"new"`
	Delta float64 `json:"delta"` // seconds
}

func stampMicro(n int64) string { return time.UnixMicro(n).UTC().Format("2006-01-02T15:04:05.000000Z") }
