package plot

import "math"

// A Dot is a value in a line of dots. Infinity is never.
type Dot struct {
	Series int // of Dots' names
	At     float64
}

// A Line is one line of dots.
type Line struct {
	Name string
	Dots []Dot
}

// palette has a colour for each of some series that is seen in the light and in the dark.
func palette() []string {
	return []string{"#0969da", "#8250df", "#bc4c00", "#1a7f37", "#cf222e", "#bf8700", "#1b7c83", "#8c959f", "#d4599c", "#6e7781", "#4d2d00"}
}

// Dots draws values of several series, line by line, with an upright line at mark, which has words.
func Dots(title, below string, series []string, all []Line, mark float64, words string, write func(float64) string) string {
	names, never := 0.0, false
	values := []float64{mark}
	for _, l := range all {
		names = max(names, width(l.Name, normal))
		for _, d := range l.Dots {
			if math.IsInf(d.At, 1) {
				never = true
				continue
			}
			values = append(values, d.At)
		}
	}
	left := margin + names + 16
	total := left + plotSize + margin + 20
	if never {
		total += 60
	}
	total = max(total, 640)
	c := &canvas{}
	top := c.headSeries(title, below, total, series) + 18
	bottom := top + float64(len(all)*rowSize) + 4
	a := newAxis(left, values, write)
	a.draw(c, top, bottom)
	x := a.at(mark)
	c.line(x, top-4, x, bottom, "w")
	c.text(x, top-9, small, "t", "middle", words)
	forever := left + plotSize + 48
	if never {
		c.text(forever, top-9, small, "t", "middle", "never")
	}
	for i, l := range all {
		middle := top + float64(i*rowSize) + rowSize/2 + 2
		c.text(left-16, middle+4.5, normal, "t", "end", l.Name)
		c.line(left, middle, left+plotSize, middle, "g")
		c.dots(l.Dots, a, middle, forever)
	}
	return c.svg(total, bottom+36, title)
}

// dots draws one line. Those that are never stand beside each other.
func (c *canvas) dots(all []Dot, a axis, y, forever float64) {
	const size = 5
	n := 0
	for _, d := range all {
		if math.IsInf(d.At, 1) {
			n++
		}
	}
	next := forever - float64(n-1)*6
	for _, d := range all {
		x := a.at(d.At)
		if math.IsInf(d.At, 1) {
			x, next = next, next+12
		}
		apart := float64(d.Series%3-1) * 4 // equal values of neighbours are both seen
		c.addf(`<circle cx="%.1f" cy="%.1f" r="%d" fill="%s" fill-opacity="0.9"/>`, x, y+apart, size, palette()[d.Series%len(palette())])
	}
}

// headSeries is head with a legend of series.
func (c *canvas) headSeries(title, below string, total float64, series []string) float64 {
	top := c.head(title, below, total, nil)
	const lineSize = 20
	at, y := float64(margin), top
	for i, name := range series {
		need := 18 + width(name, small) + 12
		if at > margin && at+need > total-margin {
			at, y = margin, y+lineSize
		}
		c.addf(`<circle cx="%.1f" cy="%.1f" r="5" fill="%s"/>`, at+5, y-4, palette()[i%len(palette())])
		c.text(at+16, y, small, "m", "start", name)
		at += need
	}
	return y + lineSize
}
