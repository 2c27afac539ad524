package bundle

import (
	"regexp"
	"regexp/syntax"
)

// Limits of a regular expression in a schema.
const (
	maxPattern     = 1024 // bytes
	maxPatternSize = 2000 // states, repetitions written out
)

// A pattern is a regular expression of Go's RE2, which matches in time linear in its size and the text.
type pattern struct {
	re   *regexp.Regexp
	size int
}

// steps is the cost of matching text: even the end of an empty one visits every state.
func (p *pattern) steps(text string) int { return 1 + (len(text)+1)*p.size/8 }

func (c *compiler) regexp(where, text string) *pattern {
	if len(text) > maxPattern {
		c.failf(where, "the pattern has more than %d bytes", maxPattern)
		return nil
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		c.failf(where, "%v (patterns are those of Go's regexp: no look-around, no back-references)", err)
		return nil
	}
	size := patternSize(parsed)
	if size > maxPatternSize {
		c.failf(where, "the pattern has more than %d states, repetitions written out", maxPatternSize)
		return nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		c.failf(where, "%v", err)
		return nil
	}
	return &pattern{re, size}
}

// patternSize bounds the states of the compiled expression before anything of that size is built.
func patternSize(re *syntax.Regexp) int {
	size := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		size += patternSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return min(size, maxPatternSize+1)
}
