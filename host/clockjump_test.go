package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"bulkhead/host/gate"
	"bulkhead/host/manifest"
)

// handClocks are moved by hand.
type handClocks struct {
	mu     sync.Mutex
	wall   time.Time
	passed time.Duration
}

func (c *handClocks) read() (time.Time, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall, c.passed
}

func (c *handClocks) move(wall, passed time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.passed = c.wall.Add(wall), c.passed+passed
}

// jumps returns the details of the jumps in a log.
func (l *memoryLog) jumps(t *testing.T) (out []clockJump) {
	t.Helper()
	for _, e := range l.entries {
		if e.Event != gate.ClockJump {
			continue
		}
		var j clockJump
		if err := json.Unmarshal(e.Detail, &j); err != nil || e.Actor != "system/host" || e.Kind != gate.KindHost || e.Resource != "press-7" {
			t.Errorf("%+v, %v", e, err)
		}
		out = append(out, j)
	}
	return out
}

func clockWorld(last time.Duration) (*handClocks, *memoryLog, *clockLog) {
	c := &handClocks{wall: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)}
	s := &system{Manifest: &manifest.Manifest{Device: manifest.Device{Name: "press-7"}}}
	log := &memoryLog{}
	return c, log, newClockLog(log, s, c.read, c.wall.Add(last))
}

func TestClockJumps(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, tt := range []struct {
		name         string
		wall, passed time.Duration
		want         float64 // seconds; 0: no jump
	}{
		{"time passes", time.Hour, time.Hour, 0},
		{"much time passes", 20 * year, 20 * year, 0},
		{"a little ahead", 12 * time.Second, 10 * time.Second, 0},
		{"a little behind", 8 * time.Second, 10 * time.Second, 0},
		{"ahead", 12*time.Second + time.Millisecond, 10 * time.Second, 2.001},
		{"behind", 8*time.Second - time.Millisecond, 10 * time.Second, -2.001},
		{"far ahead", 10 * year, 0, (10 * year).Seconds()},
		{"far behind", -10 * year, 0, (-10 * year).Seconds()},
		{"it stands still", 0, time.Minute, -60},
	} {
		clocks, log, c := clockWorld(-time.Hour)
		for range 2 { // the second time nothing has moved
			if _, err := c.Append(t.Context(), gate.Entry{Event: gate.KeyUse}); err != nil {
				t.Fatal(err)
			}
		}
		clocks.move(tt.wall, tt.passed)
		for range 3 {
			if _, err := c.Append(t.Context(), gate.Entry{Event: gate.KeyUse}); err != nil {
				t.Fatal(err)
			}
		}
		jumps := log.jumps(t)
		if tt.want == 0 && len(jumps) != 0 || tt.want != 0 && (len(jumps) != 1 || math.Abs(jumps[0].Delta-tt.want) > 1e-3) {
			t.Errorf("%s: %+v", tt.name, jumps)
		}
		if tt.want != 0 && log.entries[2].Event != gate.ClockJump {
			t.Errorf("%s: the entry after the jump stands before what says so", tt.name)
		}
		if c.advanced.Load() != (tt.want > 0) {
			t.Errorf("%s: advanced is %v", tt.name, c.advanced.Load())
		}
	}
}

// A host whose clock lies before its last entry says so with its first.
func TestClockBehindTheLastEntry(t *testing.T) {
	for last, want := range map[time.Duration]int{-time.Hour: 0, time.Second: 0, time.Hour: 1} {
		clocks, log, c := clockWorld(last)
		clocks.move(time.Second, time.Second)
		for range 2 {
			if _, err := c.Append(t.Context(), gate.Entry{Event: gate.HostStart}); err != nil {
				t.Fatal(err)
			}
		}
		jumps := log.jumps(t)
		if len(jumps) != want {
			t.Fatalf("last entry at %v: %+v", last, jumps)
		}
		if want == 1 && (jumps[0].Old != "2026-11-26T13:00:01.000000Z" || jumps[0].New != "2026-11-26T12:00:01.000000Z" || jumps[0].Delta != -3600) {
			t.Errorf("%+v", jumps[0])
		}
	}
}

// A clock that jumps forwards makes nothing old. One that was behind the log and is put right makes what passed since old.
func TestCarefulTime(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name               string
		last, wall, passed time.Duration // of the last entry; then both clocks move
		want               time.Duration // from the wall clock at the beginning
	}{
		{"time passes", -day, day, day, day},
		{"forwards", -day, 3650 * day, time.Hour, -day + time.Hour},
		{"backwards", -day, -3650 * day, time.Hour, -3650 * day},
		{"wrong at the start, then put right", 10 * day, 11 * day, time.Hour, time.Hour},
	} {
		clocks, _, c := clockWorld(tt.last)
		began, _ := clocks.read()
		c.Append(t.Context(), gate.Entry{Event: gate.HostStart})
		clocks.move(tt.wall, tt.passed)
		c.Append(t.Context(), gate.Entry{Event: gate.KeyUse})
		if got := c.careful().Sub(began); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// However many look at the same moment, a jump is one entry.
func TestClockJumpIsSaidOnce(t *testing.T) {
	clocks, log, c := clockWorld(0)
	clocks.move(time.Hour, 0)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() { c.Append(context.Background(), gate.Entry{Event: gate.KeyUse}) })
	}
	all.Wait()
	if n := len(log.jumps(t)); n != 1 || len(log.entries) != 65 {
		t.Errorf("%d jumps, %d entries", n, len(log.entries))
	}
}

// refusing is a log that refuses one event.
type refusing struct {
	memoryLog
	event gate.Event
}

func (r *refusing) Append(ctx context.Context, e gate.Entry) (gate.Receipt, error) {
	if e.Event == r.event {
		return gate.Receipt{}, errors.New("disk full")
	}
	return r.memoryLog.Append(ctx, e)
}

// What must be said first and cannot be said stops what comes after.
func TestClockJumpThatCannotBeRecorded(t *testing.T) {
	clocks, _, c := clockWorld(0)
	r := &refusing{event: gate.ClockJump}
	c.log = r
	clocks.move(time.Hour, 0)
	if _, err := c.Append(t.Context(), gate.Entry{Event: gate.KeyUse}); err == nil || len(r.entries) != 0 {
		t.Errorf("%v, %+v", err, r.entries)
	}
}

func TestLookingAtTheClocksAllocatesNothing(t *testing.T) {
	_, _, c := clockWorld(0)
	c.log = noLog{}
	c.read = newTwoClocks()
	wall, passed := c.read()
	c.ahead.Store(wall.UnixMicro() - passed.Microseconds())
	if n := testing.AllocsPerRun(100, func() { _ = c.look(context.Background()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
