package plot

// A Step is one configuration of a waterfall: the one before with something more.
type Step struct {
	Name     string
	At       float64 // what all of it takes
	Low, Top float64
	Total    string // for people
	More     string // what it adds, for people
}

// Waterfall draws steps that each begin where the one before ends. Colours are of a kind.
func Waterfall(title, below string, kind Kind, steps []Step, write func(float64) string) string {
	var names, totals, more float64
	var values []float64
	for _, s := range steps {
		names, totals, more = max(names, width(s.Name, normal)), max(totals, width(s.Total, normal)), max(more, width(s.More, normal))
		values = append(values, s.At, s.Low, s.Top)
	}
	left := margin + names + 12
	right := left + plotSize + 28
	total := max(right+more+16+totals+margin, 2*margin+width(title, large))
	c := &canvas{}
	top := c.head(title, below, total, map[Kind]bool{kind: true})
	bottom := top + float64(len(steps)*rowSize) + 4
	a := newAxis(left, values, write)
	a.draw(c, top, bottom)
	for i, s := range steps {
		middle := top + float64(i*rowSize) + rowSize/2 + 2
		from := left
		if i > 0 {
			from = a.at(steps[i-1].At)
			c.line(from, middle-rowSize/2-barSize/2, from, middle+barSize/2, "z")
		}
		to := a.at(s.At)
		c.text(left-12, middle+4.5, normal, "t", "end", s.Name)
		c.rect(min(from, to), middle-barSize/2, max(from, to)-min(from, to), barSize, string(kind)+map[bool]string{true: `" opacity="0.45`}[to < from])
		c.whisker(a.at(s.Low), a.at(s.Top), middle)
		c.text(right+more, middle+4.5, normal, "m n", "end", s.More)
		c.text(right+more+16+totals, middle+4.5, normal, "t n", "end", s.Total)
	}
	return c.svg(total, bottom+36, title)
}
