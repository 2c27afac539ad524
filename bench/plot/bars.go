package plot

// A Bar is one contender: its median, and where a fifth and all but a hundredth of what was measured lie.
type Bar struct {
	Name         string
	Kind         Kind
	At, Low, Top float64
	Words        string // beside it: the value, for people
	Also         string // behind that, less loud
	Muted        bool   // the A/A row
}

// Bars draws horizontal bars with whiskers.
func Bars(title, below string, bars []Bar, write func(float64) string) string {
	var names, words, also float64
	var values []float64
	seen := map[Kind]bool{}
	for _, b := range bars {
		names, words, also = max(names, width(b.Name, normal)), max(words, width(b.Words, normal)), max(also, width(b.Also, small))
		values = append(values, b.At, b.Low, b.Top)
		seen[b.Kind] = true
	}
	left := margin + names + 12
	right := left + plotSize + 28
	total := max(right+words+14+also+margin, 2*margin+width(title, large))
	c := &canvas{}
	top := c.head(title, below, total, seen)
	bottom := top + float64(len(bars)*rowSize) + 4
	a := newAxis(left, values, write)
	a.draw(c, top, bottom)
	for i, b := range bars {
		middle := top + float64(i*rowSize) + rowSize/2 + 2
		class := map[bool]string{true: "m", false: "t"}[b.Muted]
		c.text(left-12, middle+4.5, normal, class, "end", b.Name)
		c.rect(left, middle-barSize/2, a.at(b.At)-left, barSize, string(b.Kind)+map[bool]string{true: `" opacity="0.45`}[b.Muted])
		c.whisker(a.at(b.Low), a.at(b.Top), middle)
		c.text(right+words, middle+4.5, normal, class+" n", "end", b.Words)
		c.text(right+words+14+also, middle+4.5, small, "m n", "end", b.Also)
	}
	return c.svg(total, bottom+36, title)
}

// head writes title, subtitle and legend, and returns where the picture begins.
func (c *canvas) head(title, below string, total float64, seen map[Kind]bool) float64 {
	c.text(margin, margin+14, large, "t h", "start", title)
	y := float64(margin + 14)
	for _, line := range lines(below, total-2*margin) {
		y += 18
		c.text(margin, y, small, "m", "start", line)
	}
	y += 24
	return y - 10 + c.legend(margin, y, total-2*margin, kindMarks(seen))
}

func (c *canvas) whisker(low, high, y float64) {
	c.line(low, y, high, y, "w")
	c.line(low, y-4, low, y+4, "w")
	c.line(high, y-4, high, y+4, "w")
}

// lines breaks words where the room ends.
func lines(s string, room float64) (all []string) {
	line, word := "", ""
	flush := func() {
		if line != "" && width(line+" "+word, small) > room {
			all, line = append(all, line), ""
		}
		if line != "" {
			line += " "
		}
		line, word = line+word, ""
	}
	for _, r := range s {
		if r == ' ' {
			flush()
			continue
		}
		word += string(r)
	}
	if word != "" {
		flush()
	}
	if line != "" {
		all = append(all, line)
	}
	return all
}
