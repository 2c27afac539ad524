package measure

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// allocCalls is over how many calls allocations are counted.
const allocCalls = 200

// Run has all contenders take turns, each round starting with another. The first call of every batch is not measured: it
// pays for what the others left in the caches.
func Run(c Config, all []Contender) ([]Row, error) {
	rounds, batch := cmp.Or(c.Rounds, 300), cmp.Or(c.Batch, 1500*time.Microsecond)
	rows, sizes := make([]Row, len(all)), make([]int, len(all))
	for i, x := range all {
		var err error
		if sizes[i], err = calibrate(x, batch); err == nil {
			rows[i].Allocs, err = allocations(x)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x.Name, err)
		}
		rows[i].Name = x.Name
	}
	runtime.GC()
	for round := range rounds {
		for turn := range all {
			i := (round + turn) % len(all)
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

// calibrate finds how many calls make a batch.
func calibrate(x Contender, batch time.Duration) (int, error) {
	for n := 1; ; n *= 2 {
		before := time.Now()
		for range n {
			spin(x.Think)
			if err := x.Call(); err != nil {
				return 0, err
			}
		}
		if took := time.Since(before); took > batch/2 {
			return max(1, int(float64(n)*float64(batch)/float64(took))), nil
		}
	}
}

// allocations counts what everybody in this process allocates meanwhile.
func allocations(x Contender) (float64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range allocCalls {
		if err := x.Call(); err != nil {
			return 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / allocCalls, nil
}

// take adds a batch of n calls.
func (r *Row) take(x Contender, n int) error {
	if err := x.Call(); err != nil {
		return err
	}
	if x.Each {
		return r.takeEach(x, n)
	}
	before := time.Now()
	for range n {
		if err := x.Call(); err != nil {
			return err
		}
	}
	r.Rounds = append(r.Rounds, float64(time.Since(before))/float64(n))
	return nil
}

func (r *Row) takeEach(x Contender, n int) error {
	first := len(r.Calls)
	for range n {
		spin(x.Think)
		before := time.Now()
		if err := x.Call(); err != nil {
			return err
		}
		r.Calls = append(r.Calls, float64(time.Since(before)))
	}
	r.Rounds = append(r.Rounds, quantile(sorted(r.Calls[first:]), 0.5))
	return nil
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
