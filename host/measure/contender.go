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
	Each  bool           // each call is timed alone, so that the tail is seen; a reading of the clock is in it, see Clock
	Think time.Duration  // before each call, spinning, not measured; needs Each
	Of    int            // how many of what is measured are in one call; 0 means 1
	Once  bool           // one call is a whole batch, and nobody counts its allocations: it is long
	Also  []func() error // other callers at the same time, as many as there are. With Each their calls count too; without, time is that of all calls over the number of callers
}

func (x Contender) of() float64 { return float64(max(x.Of, 1)) }

// callers are all who call at the same time.
func (x Contender) callers() []func() error { return append([]func() error{x.Call}, x.Also...) }

// Config says how long to measure. Its zero value is the default.
type Config struct {
	Rounds int           // 0 means 300
	Batch  time.Duration // of one contender in one round; 0 means 1.5 ms
	// For is how long the rounds go on, at least a few of them; 0 leaves it to Rounds. Then everybody is in every round.
	For time.Duration
	// Progress is told before every round how long the rounds have gone on, if it is set.
	Progress func(time.Duration)
}

// Clock is a Contender that does nothing: the price of timing each call alone.
func Clock() Contender {
	return Contender{Name: "the clock alone", Each: true, Call: func() error { return nil }}
}

// A Row is what was measured of one contender, in nanoseconds per call.
type Row struct {
	Name   string
	Every  int       // it took part in every round that this divides: slow ones in fewer
	Rounds []float64 // of these rounds in turn: the mean of its batch or, with Each, the median of its calls
	Calls  []float64 // with Each: all calls, or every so many of very many, sorted
	Allocs float64   // allocations per call in this process, whoever made them; -1: not counted

	spent, count float64 // with Each: how long its turns took, and how many calls that were
	skip, next   int     // with Each: of how many calls one is kept, and which is the next; 0 is 1
}

// At returns a quantile from 0 to 1: of the calls, if each was timed, or of the rounds.
func (r Row) At(q float64) float64 {
	if r.Calls != nil {
		return quantile(r.Calls, q)
	}
	return quantile(sorted(r.Rounds), q)
}

// Rate returns the calls in a second, of all callers together.
func (r Row) Rate() float64 {
	if r.spent > 0 {
		return r.count / r.spent * 1e9
	}
	return 1e9 / r.At(0.5)
}

// Over returns how many times longer than base's r's calls take: the median of the ratios, over the rounds that both were
// in.
func (r Row) Over(base Row) float64 {
	var ratios []float64
	for i, t := range r.Rounds {
		round := i * max(r.Every, 1)
		if at := round / max(base.Every, 1); at*max(base.Every, 1) == round && at < len(base.Rounds) {
			ratios = append(ratios, t/base.Rounds[at])
		}
	}
	return quantile(sorted(ratios), 0.5)
}
