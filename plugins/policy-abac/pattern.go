package main

import (
	"fmt"
	"strings"
)

const (
	maxList = 64
	maxText = 256
)

// A pattern is a text that must be met exactly, or the beginning of it, written with a star at its end.
type pattern struct {
	text   string
	prefix bool
}

func parsePattern(s string) (pattern, error) {
	text, prefix := strings.CutSuffix(s, "*")
	if strings.Contains(text, "*") {
		return pattern{}, fmt.Errorf("pattern %.64q has a star that is not its last byte", s)
	}
	if len(s) > maxText {
		return pattern{}, fmt.Errorf("pattern %.64q is longer than %d bytes", s, maxText)
	}
	return pattern{text, prefix}, nil
}

func (p pattern) matches(s string) bool {
	if p.prefix {
		return strings.HasPrefix(s, p.text)
	}
	return s == p.text
}

// patterns makes the condition that one of several patterns matches what of picks.
func patterns(on string, list []string, of func(*facts) string) (condition, error) {
	if err := checkList(list); err != nil {
		return condition{}, fmt.Errorf("%s: %w", on, err)
	}
	parsed := make([]pattern, len(list))
	for i, s := range list {
		var err error
		if parsed[i], err = parsePattern(s); err != nil {
			return condition{}, fmt.Errorf("%s: %w", on, err)
		}
	}
	return condition{on, func(f *facts) truth {
		s := of(f)
		for _, p := range parsed {
			if p.matches(s) {
				return yes
			}
		}
		return no
	}}, nil
}

func checkList[T any](list []T) error {
	if len(list) == 0 || len(list) > maxList {
		return fmt.Errorf("%d entries where 1 to %d belong", len(list), maxList)
	}
	return nil
}
