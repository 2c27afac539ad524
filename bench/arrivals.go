package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"bulkhead/bench/report"
	"bulkhead/host/measure"
)

// Calls arrive at a fixed rate, whether the ones before are done or not, as they do from the world. Their latency counts
// from when they should have begun: a call that waited for a slow one before it is slow too.
const (
	rate     = 2000                   // calls a second
	slice    = 200 * time.Millisecond // of one contender, in turn
	servers  = 2                      // at the same time, of one contender
	turns    = 10
	settling = 20 // calls of a slice that do not count
)

// arrivals measures the digits model under load, one contender after another, again and again.
func (b *bench) arrivals(ctx context.Context) error {
	all, err := b.loadedDigits(ctx)
	if err != nil {
		return err
	}
	latencies := make([][]float64, len(all))
	for range max(1, turns*b.config.Rounds/defaultRounds) {
		for i, x := range all {
			runtime.GC()
			took, err := arrive(x.callers)
			if err != nil {
				return fmt.Errorf("%s: %w", x.name, err)
			}
			latencies[i] = append(latencies[i], took...)
		}
	}
	var rows []measure.Row
	for i, x := range all {
		q := measure.Quantiles(latencies[i], 0.5, 0.99, 0.999)
		b.run.Arrivals = append(b.run.Arrivals, report.Arrival{Name: x.name, Rate: rate, P50: q[0], P99: q[1], P999: q[2]})
		rows = append(rows, measure.Row{Name: x.name, Rounds: latencies[i]})
	}
	b.samples = append(b.samples, sample{"arrivals", rows})
	return nil
}

// A loaded contender has a caller for each server.
type loaded struct {
	name    string
	callers []func() error
}

// arrive has calls come for a slice. It returns what each took from when it should have begun.
func arrive(callers []func() error) (took []float64, err error) {
	const n = int(rate * slice / time.Second)
	due := make(chan time.Time, n)
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, call := range callers {
		group.Go(func() {
			for at := range due {
				failed := call()
				latency := time.Since(at)
				mu.Lock()
				took = append(took, float64(latency))
				if failed != nil {
					err = failed
				}
				mu.Unlock()
			}
		})
	}
	begin := time.Now()
	for i := range n {
		at := begin.Add(time.Duration(i) * time.Second / rate)
		time.Sleep(time.Until(at))
		due <- at
	}
	close(due)
	group.Wait()
	return took[min(settling, len(took)):], err
}
