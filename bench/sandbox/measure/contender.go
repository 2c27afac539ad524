// Package measure compares things that can be called, in one run.
//
// The machine changes under a benchmark: clock, neighbours, temperature. So everything that is compared takes turns, one
// short batch each, hundreds of times, and what is reported is where the batches lie, and how the batches of one round
// relate.
package measure

import "time"

// A Contender is one thing to call.
type Contender struct {
	Name  string
	Call  func() error
	Each  bool          // each call is timed alone, so that the tail is seen; a reading of the clock is in it, see Clock
	Think time.Duration // before each call, spinning, not measured; needs Each
}

// Config says how long to measure. Its zero value is the default.
type Config struct {
	Rounds int           // 0 means 300
	Batch  time.Duration // of one contender in one round; 0 means 1.5 ms
}

// Clock is a Contender that does nothing: the price of timing each call alone.
func Clock() Contender {
	return Contender{Name: "the clock alone", Each: true, Call: func() error { return nil }}
}

// A Row is what was measured of one contender, in nanoseconds per call.
type Row struct {
	Name   string
	Rounds []float64 // of every round in turn: the mean of its batch or, with Each, the median of its calls
	Calls  []float64 // with Each: all calls, sorted
	Allocs float64   // allocations per call in this process, whoever made them
}

// At returns a quantile from 0 to 1: of the calls, if each was timed, or of the rounds.
func (r Row) At(q float64) float64 {
	if r.Calls != nil {
		return quantile(r.Calls, q)
	}
	return quantile(sorted(r.Rounds), q)
}

// Over returns how many times longer than base's r's calls take: the median of the rounds' ratios.
func (r Row) Over(base Row) float64 {
	ratios := make([]float64, len(r.Rounds))
	for i := range ratios {
		ratios[i] = r.Rounds[i] / base.Rounds[i]
	}
	return quantile(sorted(ratios), 0.5)
}
