package plot

import "math"

// An axis puts values on a line of plotSize pixels from left, in powers of ten or evenly from zero.
type axis struct {
	left      float64
	log       bool
	low, high float64
	write     func(float64) string
}

// wide is from which ratio of the largest to the smallest value on a scale is logarithmic.
const wide = 15

// newAxis finds room for all values, which are positive.
func newAxis(left float64, values []float64, write func(float64) string) axis {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	a := axis{left: left, log: high/low > wide, write: write}
	if a.log {
		a.low, a.high = math.Pow(10, math.Floor(math.Log10(low*0.99))), math.Pow(10, math.Ceil(math.Log10(high)))
	} else {
		step := evenStep(high)
		a.high = math.Ceil(high/step) * step
	}
	return a
}

// evenStep is 1, 2 or 5 times a power of ten, some five of which make high.
func evenStep(high float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(high/4)))
	for _, n := range []float64{1, 2, 5} {
		if high/(n*unit) <= 6 {
			return n * unit
		}
	}
	return 10 * unit
}

func (a axis) at(v float64) float64 {
	part := (v - a.low) / (a.high - a.low)
	if a.log {
		part = math.Log(v/a.low) / math.Log(a.high/a.low)
	}
	return a.left + plotSize*min(max(part, 0), 1)
}

func (a axis) ticks() (all []float64) {
	if !a.log {
		step := evenStep(a.high)
		for v := 0.0; v <= a.high*1.001; v += step {
			all = append(all, v)
		}
		return all
	}
	for v := a.low; v <= a.high*1.001; v *= 10 {
		all = append(all, v)
	}
	return all
}

// draw draws grid and labels below it. Where labels would be too near to each other only every second is written.
func (a axis) draw(c *canvas, top, bottom float64) {
	ticks := a.ticks()
	every := 1
	for float64(every)*plotSize/float64(len(ticks)) < 56 {
		every++
	}
	for i, v := range ticks {
		x := a.at(v)
		c.line(x, top, x, bottom, "g")
		if i%every == 0 {
			c.text(x, bottom+16, small, "m n", "middle", a.write(v))
		}
	}
}
