package cache

import (
	"testing"
	"time"
)

// Whoever spoils files all day fills no log, and is counted all the same.
func TestReportsAreBounded(t *testing.T) {
	var heard, skipped int
	r := newReporter(func(e Event) { heard++; skipped += e.Skipped })
	now := time.Now()
	r.now = func() time.Time { return now }
	total := 0
	for range 100 {
		for range 10 {
			r.say(Event{Rejected: true})
			total++
		}
		now = now.Add(reportEvery / 10)
	}
	if heard < reportBurst || heard > reportBurst+10 {
		t.Errorf("heard %d of %d", heard, total)
	}
	before := heard
	r.say(Event{}) // a failure has a bucket of its own
	if total++; heard != before+1 {
		t.Error("rejections keep failures from being heard")
	}
	if r.close(); heard+skipped != total+1 { // the last one is a summary alone
		t.Errorf("heard %d and skipped %d of %d", heard, skipped, total)
	}
	if r.close(); heard+skipped != total+1 {
		t.Error("closing again reports again")
	}
	newReporter(nil).say(Event{})
}
