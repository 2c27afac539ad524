package bundle

import (
	"maps"
	"slices"
	"strings"
)

// object evaluates the keywords for objects.
func (e *evaluation) object(n *node, object map[string]any, at *place) error {
	if !e.pay(len(object) + len(n.required) + len(n.needs)) {
		return errSteps
	}
	if err := e.limits(n, "Properties", len(object), "properties", at); err != nil {
		return err
	}
	if err := e.required(n.required, object, at); err != nil {
		return err
	}
	for _, d := range n.needs {
		if _, ok := object[d.name]; !ok {
			continue
		}
		if !e.pay(len(d.needs)) {
			return errSteps
		}
		if err := e.required(d.needs, object, at); err != nil {
			return err
		}
	}
	for _, d := range n.dependent {
		if _, ok := object[d.name]; !ok {
			continue
		}
		if err := e.check(d.node, object, at); err != nil {
			return err
		}
	}
	return e.members(n, object, at)
}

func (e *evaluation) required(names []string, object map[string]any, at *place) error {
	for _, name := range names {
		if _, ok := object[name]; !ok {
			return e.failf(at, "the property %.64q is missing", name)
		}
	}
	return nil
}

func (e *evaluation) members(n *node, object map[string]any, at *place) error {
	if n.properties == nil && n.patterns == nil && n.additional == nil && n.names == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err := e.member(n, name, object[name], &place{at, name}); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) member(n *node, name string, value any, at *place) error {
	if n.names != nil {
		if err := e.check(n.names, name, at); err != nil {
			return err
		}
	}
	i, known := slices.BinarySearchFunc(n.properties, name, func(p namedNode, name string) int { return strings.Compare(p.name, name) })
	if known {
		if err := e.check(n.properties[i].node, value, at); err != nil {
			return err
		}
	}
	for _, p := range n.patterns {
		if !e.pay(p.pattern.steps(name)) {
			return errSteps
		}
		if !p.pattern.re.MatchString(name) {
			continue
		}
		known = true
		if err := e.check(p.node, value, at); err != nil {
			return err
		}
	}
	if known || n.additional == nil {
		return nil
	}
	if n.additional.never {
		return e.failf(at, "unknown property")
	}
	return e.check(n.additional, value, at)
}
