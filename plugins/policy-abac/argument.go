package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// A constraint is what an argument must be, as written: several members must all hold.
type constraint struct {
	Eq      json.RawMessage   `json:"eq"`
	In      []json.RawMessage `json:"in"`
	Le      *float64          `json:"le"`
	Ge      *float64          `json:"ge"`
	Present *bool             `json:"present"`
}

// argument makes the condition that the value at a JSON pointer meets a constraint. A missing value meets only
// present = false; a value of another type than the constraint's can't be judged.
func argument(at string, c constraint) (condition, error) {
	on := "arguments." + at
	where, err := parsePointer(at)
	if err != nil {
		return condition{}, fmt.Errorf("arguments: %w", err)
	}
	tests, err := c.tests()
	if err != nil {
		return condition{}, fmt.Errorf("%s: %w", on, err)
	}
	wanted := c.Present == nil || *c.Present
	return condition{on, func(f *facts) truth {
		raw := where.find(f.request.Arguments)
		if raw == nil || !wanted {
			return truthOf((raw != nil) == wanted)
		}
		result, value := yes, scalarOf(raw)
		for _, test := range tests {
			result = min(result, test(value))
		}
		return result
	}}, nil
}

type test func(scalar) truth

func (c constraint) tests() ([]test, error) {
	var tests []test
	for _, list := range c.lists() {
		t, err := oneOf(list)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	if c.Le != nil {
		tests = append(tests, bound(func(v float64) bool { return v <= *c.Le }))
	}
	if c.Ge != nil {
		tests = append(tests, bound(func(v float64) bool { return v >= *c.Ge }))
	}
	switch {
	case c.Present == nil && len(tests) == 0:
		return nil, errors.New("a constraint needs eq, in, le, ge or present")
	case c.Present != nil && !*c.Present && len(tests) > 0:
		return nil, errors.New("present = false stands alone")
	}
	return tests, nil
}

// lists returns the sets of accepted values: eq is a set of one.
func (c constraint) lists() (lists [][]json.RawMessage) {
	if c.Eq != nil {
		lists = append(lists, []json.RawMessage{c.Eq})
	}
	if c.In != nil {
		lists = append(lists, c.In)
	}
	return lists
}

// oneOf makes the test that a value is one of several, all of one type.
func oneOf(list []json.RawMessage) (test, error) {
	if err := checkList(list); err != nil {
		return nil, fmt.Errorf("in: %w", err)
	}
	accepted := map[scalar]bool{}
	kind := scalarOf(list[0]).kind
	for _, raw := range list {
		s := scalarOf(raw)
		if s.kind == noScalar || s.kind != kind {
			return nil, errors.New("eq and in take strings, booleans or numbers below 2^53, of one type only")
		}
		accepted[s] = true
	}
	return func(s scalar) truth {
		if s.kind != kind {
			return unknown
		}
		return truthOf(accepted[s])
	}, nil
}

func bound(within func(float64) bool) test {
	return func(s scalar) truth {
		if s.kind != numberScalar {
			return unknown
		}
		return truthOf(within(s.number))
	}
}
