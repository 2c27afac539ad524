package measure

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Over how many calls allocations are counted: less where a batch is few.
const (
	allocCalls   = 200
	allocBatches = 2
)

// Run has all contenders take turns, each round starting with another. The first call of every batch is not measured: it
// pays for what the others left in the caches. Whoever takes much longer than a batch for one call is in fewer rounds.
func Run(c Config, all []Contender) ([]Row, error) {
	c.Rounds, c.Batch = cmp.Or(c.Rounds, 300), cmp.Or(c.Batch, 1500*time.Microsecond)
	rows, sizes := make([]Row, len(all)), make([]int, len(all))
	for i, x := range all {
		var err error
		if sizes[i], err = rows[i].prepare(x, c); err != nil {
			return nil, fmt.Errorf("%s: %w", x.Name, err)
		}
	}
	runtime.GC()
	began := time.Now()
	for round := 0; c.more(round, time.Since(began)); round++ {
		for turn := range all {
			i := (round + turn) % len(all)
			if round%rows[i].Every != 0 {
				continue
			}
			if err := rows[i].take(all[i], sizes[i]); err != nil {
				return nil, fmt.Errorf("%s: %w", all[i].Name, err)
			}
		}
	}
	for i := range rows {
		slices.Sort(rows[i].Calls)
	}
	return rows, nil
}

// fewRounds are measured in any case.
const fewRounds = 5

// more reports whether there is another round.
func (c Config) more(round int, gone time.Duration) bool {
	if c.Progress != nil {
		c.Progress(gone)
	}
	if c.For > 0 {
		return round < fewRounds || gone < c.For
	}
	return round < c.Rounds
}

// Slow ones take part in every round until a call takes so many batches, and in at least so many rounds.
const (
	slowBatches = 4
	leastRounds = 20
)

// prepare finds how many calls make a batch, and how often x takes part.
func (r *Row) prepare(x Contender, c Config) (size int, err error) {
	r.Name, r.Every, r.Allocs = x.Name, 1, -1
	if x.Once {
		return 1, nil
	}
	size, took, err := calibrate(x, c.Batch)
	if err != nil {
		return 0, err
	}
	if took > slowBatches*c.Batch && c.For == 0 {
		r.Every = max(1, min(int(took/(slowBatches*c.Batch)), c.Rounds/leastRounds))
	}
	r.Allocs, err = allocations(x, min(allocCalls, allocBatches*size))
	return size, err
}

// calibrate finds how many calls make a batch, and what one of them takes.
func calibrate(x Contender, batch time.Duration) (int, time.Duration, error) {
	for n := 1; ; n *= 2 {
		before := time.Now()
		for range n {
			spin(x.Think)
			if err := x.Call(); err != nil {
				return 0, 0, err
			}
		}
		if took := time.Since(before); took > batch/2 {
			return max(1, int(float64(n)*float64(batch)/float64(took))), took / time.Duration(n), nil
		}
	}
}

// allocations counts what everybody in this process allocates meanwhile.
func allocations(x Contender, calls int) (float64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		if err := x.Call(); err != nil {
			return 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(calls) / x.of(), nil
}

// take adds a batch of n calls of every caller.
func (r *Row) take(x Contender, n int) error {
	if !x.Once && r.Every == 1 {
		if err := x.Call(); err != nil {
			return err
		}
	}
	if x.Each {
		return r.takeEach(x, n)
	}
	callers := x.callers()
	before := time.Now()
	err := together(callers, func(_ int, call func() error) error { return again(call, n) })
	r.Rounds = append(r.Rounds, float64(time.Since(before))/float64(n)/float64(len(callers))/x.of())
	return err
}

// together lets all callers go at once, the first on this goroutine.
func together(callers []func() error, run func(i int, call func() error) error) error {
	errs := make([]error, len(callers))
	var group sync.WaitGroup
	for i, call := range callers[1:] {
		group.Go(func() { errs[i+1] = run(i+1, call) })
	}
	errs[0] = run(0, callers[0])
	group.Wait()
	return errors.Join(errs...)
}

func again(call func() error, n int) error {
	for range n {
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}

// takeEach adds a batch whose calls are timed one by one.
func (r *Row) takeEach(x Contender, n int) error {
	callers := x.callers()
	times := make([]float64, n*len(callers))
	began := time.Now()
	err := together(callers, func(i int, call func() error) error {
		for k := range n {
			spin(x.Think)
			before := time.Now()
			if err := call(); err != nil {
				return err
			}
			times[i*n+k] = float64(time.Since(before)) / x.of()
		}
		return nil
	})
	r.spent, r.count = r.spent+float64(time.Since(began)), r.count+float64(len(times))*x.of()
	r.keep(times)
	r.Rounds = append(r.Rounds, quantile(sorted(times), 0.5))
	return err
}

// maxCalls is how many calls a row keeps.
const maxCalls = 1 << 20

// keep adds calls, and forgets every second of all when they are too many.
func (r *Row) keep(times []float64) {
	r.skip = max(r.skip, 1)
	for ; r.next < len(times); r.next += r.skip {
		r.Calls = append(r.Calls, times[r.next])
	}
	r.next -= len(times)
	if len(r.Calls) < maxCalls {
		return
	}
	half := r.Calls[:0]
	for i := 0; i < len(r.Calls); i += 2 {
		half = append(half, r.Calls[i])
	}
	r.Calls, r.skip = half, 2*r.skip
}

// spin is a pause of d. A sleep would be much longer.
func spin(d time.Duration) {
	if d == 0 {
		return
	}
	for before := time.Now(); time.Since(before) < d; {
	}
}

func sorted(x []float64) []float64 { return slices.Sorted(slices.Values(x)) }

// quantile is between the neighbours where it falls between two.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low == len(sorted)-1 {
		return sorted[low]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

// Quantiles returns some quantiles from 0 to 1, of values in any order.
func Quantiles(x []float64, q ...float64) (out []float64) {
	s := sorted(x)
	for _, one := range q {
		out = append(out, quantile(s, one))
	}
	return out
}
