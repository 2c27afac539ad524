package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	starts   = 10
	startAim = 300 * time.Millisecond
)

// start measures the quickstart from the start of its process until /readyz answers 200, with the code of its plugins in
// the cache. Places take turns.
func (b *bench) start() error {
	var homes []*quickstart
	for _, isolation := range []string{"inline", "process"} {
		q, err := b.quickstart(isolation)
		if err != nil {
			return fmt.Errorf("setting up, %s: %w", isolation, err)
		}
		homes = append(homes, q)
	}
	for range starts {
		for _, q := range homes {
			took, err := q.start(b.ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", q.isolation, err)
			}
			q.warm = append(q.warm, took)
		}
	}
	b.parts = append(b.parts, startTable(homes))
	for _, q := range homes {
		b.aimTime("warm start of the quickstart, isolation "+q.isolation, float64(startAim), float64(median(q.warm, readyOf)))
	}
	return nil
}

func startTable(homes []*quickstart) string {
	var t strings.Builder
	t.WriteString("## Start of the quickstart\n\nFrom the start of the process until `/readyz` answers 200, asked every 2 ms: four plugins of stock Go, with their self-tests. ")
	fmt.Fprintf(&t, "Cold compiles them; warm has them in the code cache, %d starts. CPU is what all processes of a warm start take until they have ended.\n\n", starts)
	t.WriteString("| isolation | cold | warm, median | fastest | slowest | CPU, median |\n|---|---|---|---|---|---|\n")
	for _, q := range homes {
		var ready []time.Duration
		for _, s := range q.warm {
			ready = append(ready, s.ready)
		}
		fmt.Fprintf(&t, "| %s | %s | %s | %s | %s | %s |\n", q.isolation, short(q.cold.ready), short(median(q.warm, readyOf)),
			short(slices.Min(ready)), short(slices.Max(ready)), short(median(q.warm, cpuOf)))
	}
	return t.String()
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
