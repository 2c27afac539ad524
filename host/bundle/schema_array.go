package bundle

import (
	"fmt"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// array evaluates the keywords for arrays.
func (e *evaluation) array(n *node, list []any, at *place) error {
	if err := e.limits(n, "Items", len(list), "items", at); err != nil {
		return err
	}
	if n.unique {
		if err := e.unique(list, at); err != nil {
			return err
		}
	}
	for i, v := range list {
		sub := n.items
		if i < len(n.prefix) {
			sub = n.prefix[i]
		}
		if sub == nil {
			break
		}
		if err := e.check(sub, v, &place{at, strconv.Itoa(i)}); err != nil {
			return err
		}
	}
	if n.contains == nil {
		return nil
	}
	return e.contains(n, list, at)
}

func (e *evaluation) contains(n *node, list []any, at *place) error {
	count := 0
	for _, v := range list {
		if e.left < 0 {
			return errSteps
		}
		if e.holds(n.contains, v, at) {
			count++
		}
	}
	least, ok := n.counts["minContains"]
	if !ok {
		least = 1
	}
	if most, ok := n.counts["maxContains"]; count < least || ok && count > most {
		return e.failf(at, "%d items are of the kind that it must contain, too few or too many", count)
	}
	return nil
}

// unique compares the items by their canonical text, in linear time whoever chose them.
func (e *evaluation) unique(list []any, at *place) error {
	seen := make(map[string]bool, len(list))
	for i, v := range list {
		text, err := canonical(v)
		if err != nil {
			return e.failf(at, "item %d cannot be compared", i)
		}
		if !e.pay(1 + len(text)/2) {
			return errSteps
		}
		if seen[string(text)] {
			return e.failf(at, "item %d equals an earlier one", i)
		}
		seen[string(text)] = true
	}
	return nil
}

func canonical(value any) (jsontext.Value, error) {
	text, err := jsonv2.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding a value: %w", err)
	}
	v := jsontext.Value(text)
	return v, v.Canonicalize()
}
