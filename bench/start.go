package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bulkhead/bench/report"
)

const (
	starts   = 10
	startAim = 300 * time.Millisecond
)

// start measures the quickstart from the start of its process until /readyz answers 200, with the code of its plugins in
// the cache. Places take turns.
func (b *bench) start(ctx context.Context) error {
	var homes []*quickstart
	var first *quickstart
	for _, isolation := range []string{"inline", "process"} {
		q, err := b.quickstart(ctx, isolation, first)
		if err != nil {
			return fmt.Errorf("setting up, %s: %w", isolation, err)
		}
		homes, first = append(homes, q), q
	}
	for range min(starts, max(2, b.config.Rounds/10)) {
		for _, q := range homes {
			took, err := q.start(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", q.isolation, err)
			}
			q.warm = append(q.warm, took)
		}
	}
	b.run.Grids = append(b.run.Grids, startGrid(homes))
	for _, q := range homes {
		b.aim(report.Aim{What: "warm start of the quickstart, isolation " + q.isolation, Unit: report.Time, Want: float64(startAim), Value: float64(median(q.warm, readyOf))})
	}
	return nil
}

func startGrid(homes []*quickstart) report.Grid {
	g := report.Grid{
		Name: "start", Title: "Start of a whole host",
		Notes: "The quickstart, from the start of its process until `/readyz` answers 200, asked every 2 ms: four plugins, with their self-tests. " +
			"Cold compiles them; warm has them in the code cache. CPU is what all processes of a warm start take until they have ended.",
		Columns: []string{"isolation", "cold", "warm, median", "fastest", "slowest", "CPU, median"},
	}
	for _, q := range homes {
		var ready []time.Duration
		for _, s := range q.warm {
			ready = append(ready, s.ready)
		}
		g.Rows = append(g.Rows, []string{q.isolation, short(q.cold.ready), short(median(q.warm, readyOf)),
			short(slices.Min(ready)), short(slices.Max(ready)), short(median(q.warm, cpuOf))})
	}
	return g
}

func readyOf(s started) time.Duration { return s.ready }
func cpuOf(s started) time.Duration   { return s.cpu }

func median(all []started, of func(started) time.Duration) time.Duration {
	var s []time.Duration
	for _, one := range all {
		s = append(s, of(one))
	}
	slices.Sort(s)
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func short(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }
