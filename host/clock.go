package main

import (
	"runtime/debug"
	"time"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// clockSlack is how far the wall clock may lie behind what is known to be past.
const clockSlack = 2 * time.Second

// newClock returns a clock that never runs behind what is known to be past: the last durable entry and this binary's
// commit. A wall clock behind them is unsynchronised, as on a device without a battery before its first contact.
func newClock(wall func() time.Time, lastEntry func() time.Time) gate.Clock {
	built := commitTime()
	return func() (time.Time, abi.Clock) {
		floor := lastEntry()
		if built.After(floor) {
			floor = built
		}
		now := wall()
		if now.Before(floor.Add(-clockSlack)) {
			return floor, abi.ClockUnsynchronised
		}
		return now, abi.ClockTrusted
	}
}

// commitTime is when the source of this binary was committed, zero if it does not know.
func commitTime() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, _ := time.Parse(time.RFC3339, s.Value) // the zero time knows nothing, as meant
			return t
		}
	}
	return time.Time{}
}
