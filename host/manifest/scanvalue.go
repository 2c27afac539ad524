package manifest

import (
	"fmt"
	"strings"
)

// value passes over the value of the key at, whose node is n, and reads the keys of inline tables in it.
func (s *scanner) value(n *node, at keyPath, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: values nested more than %d deep", errBounds, maxDepth)
	}
	s.skip(" \t")
	switch s.peek() {
	case '"', '\'':
		return s.quoted()
	case '[':
		return s.array(n, at, depth)
	case '{':
		s.pos++
		return s.inline(n, at)
	}
	end := strings.IndexAny(s.text[s.pos:], ",]}#\n")
	if end < 0 {
		end = len(s.text) - s.pos
	}
	if strings.Trim(s.text[s.pos:s.pos+end], " \t\r") == "" {
		return errAmbiguous
	}
	s.pos += end
	return nil
}

func (s *scanner) array(n *node, at keyPath, depth int) error {
	s.pos++
	for {
		s.blank()
		if s.peek() == ']' {
			s.pos++
			return nil
		}
		n.children = nil // every element is a world of its own
		if err := s.value(n, at, depth+1); err != nil {
			return err
		}
		if err := s.comma(']'); err != nil {
			return err
		}
	}
}

// inline reads an inline table behind its brace. Every level of them makes paths longer, which bounds the nesting.
func (s *scanner) inline(n *node, at keyPath) error {
	for {
		s.blank()
		if s.peek() == '}' {
			s.pos++
			return nil
		}
		if err := s.pair(n, at); err != nil {
			return err
		}
		if err := s.comma('}'); err != nil {
			return err
		}
	}
}

// comma reads what stands between two elements, or stops before end.
func (s *scanner) comma(end byte) error {
	s.blank()
	switch s.peek() {
	case ',':
		s.pos++
		return nil
	case end:
		return nil
	}
	return errAmbiguous
}

// quoted passes over a string of any of the four kinds.
func (s *scanner) quoted() error {
	q := s.text[s.pos : s.pos+1]
	if rest := s.text[s.pos:]; !strings.HasPrefix(rest, q+q+q) {
		return s.oneLine(q[0])
	}
	s.pos += 3
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == q[0]:
			run := len(s.text[s.pos:]) - len(strings.TrimLeft(s.text[s.pos:], q))
			s.pos += run
			if run > 5 {
				return errAmbiguous
			}
			if run >= 3 { // up to two quotes belong to the string
				return nil
			}
		case c == '\\' && q == `"`:
			s.pos++
			s.step()
		default:
			s.step()
		}
	}
	return errAmbiguous
}

func (s *scanner) oneLine(q byte) error {
	for s.pos++; s.pos < len(s.text) && s.text[s.pos] != '\n'; s.pos++ {
		switch c := s.text[s.pos]; {
		case c == q:
			s.pos++
			return nil
		case c == '\\' && q == '"':
			s.pos++
		}
	}
	return errAmbiguous
}

// step passes over one byte of a string.
func (s *scanner) step() {
	if s.peek() == '\n' {
		s.row++
	}
	s.pos++
}
