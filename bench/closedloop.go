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

// A closedLoop is so many callers of one contender, each of whom begins a call when the one before has ended. Where calls
// share something that takes as long for many as for one, such as a flush, a batch of few calls would show nothing: a turn
// is a slice of time.
type closedLoop struct {
	name    string
	callers int
	call    func(context.Context) error
}

const (
	loopSlice = 150 * time.Millisecond // of one contender, in turn
	loopTurns = 12
)

// closedLoops has all take turns, each round beginning with another. A row's rounds are the time of a slice over the
// number of its calls; its calls are latencies.
func (b *bench) closedLoops(ctx context.Context, all []closedLoop) ([]measure.Row, error) {
	long, rows := loopSlice, make([]measure.Row, len(all))
	if b.config.Rounds < 10 {
		long /= 10 // nothing is measured well then
	}
	for i, x := range all {
		rows[i] = measure.Row{Name: x.name, Every: 1, Allocs: -1}
	}
	for round := range max(1, loopTurns*b.config.Rounds/defaultRounds) {
		for turn := range all {
			i := (round + turn) % len(all)
			runtime.GC()
			perCall, calls, err := all[i].slice(ctx, long)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", all[i].name, err)
			}
			rows[i].Rounds, rows[i].Calls = append(rows[i].Rounds, perCall), append(rows[i].Calls, calls...)
		}
	}
	return rows, nil
}

// slice has everybody call for a while. The first call of each is not counted: it pays for what others left, and nobody is
// under way yet.
func (x *closedLoop) slice(ctx context.Context, long time.Duration) (perCall float64, calls []float64, err error) {
	var mu sync.Mutex
	var ready, ended sync.WaitGroup
	ready.Add(x.callers)
	begin := make(chan time.Time)
	for range x.callers {
		ended.Go(func() {
			failed := x.call(ctx)
			ready.Done()
			from := <-begin
			var took []float64
			for failed == nil && (len(took) == 0 || time.Since(from) < long) {
				before := time.Now()
				failed = x.call(ctx)
				took = append(took, float64(time.Since(before)))
			}
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, took...)
			if failed != nil {
				err = failed
			}
		})
	}
	ready.Wait()
	from := time.Now()
	for range x.callers {
		begin <- from
	}
	ended.Wait()
	if err != nil {
		return 0, nil, err
	}
	return float64(time.Since(from)) / float64(len(calls)), calls, nil
}

// keepLoops makes a table of them: of the time for one call, all callers together. Latencies are in the rows alone.
func (b *bench) keepLoops(name, title, notes, base string, rows []measure.Row) (*report.Table, error) {
	var rounds []measure.Row
	for _, r := range rows {
		r.Calls = nil
		rounds = append(rounds, r)
	}
	t, err := report.NewTable(name, title, notes, base, rounds)
	if err != nil {
		return nil, err
	}
	b.samples = append(b.samples, sample{name, rounds})
	b.run.Tables = append(b.run.Tables, t)
	return &b.run.Tables[len(b.run.Tables)-1], nil
}
