package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"bulkhead/host/strictjson"
)

// Limits of one evaluation. A step is about 50 ns of work.
const (
	maxSteps     = 1 << 20
	maxValues    = 100_000 // values and member names in the instance
	maxSchemaErr = 1024    // bytes of an error text
)

// errSteps ends an evaluation, whatever its result would have been.
var errSteps = errors.New("checking it against the schema takes too long: make it smaller or simpler")

// errMismatch is the error of a branch whose words nobody will read.
var errMismatch = errors.New("mismatch")

// Validate decodes data strictly and checks it against the schema. The error tells of data alone, in at most 1 KiB of
// printable text, and may be shown to whoever sent data.
func (s *Schema) Validate(data []byte) error {
	if err := strictjson.Check(data); err != nil {
		return short(err)
	}
	if countValues(data) > maxValues {
		return fmt.Errorf("more than %d values", maxValues)
	}
	var value any
	if err := jsonv2.Unmarshal(data, &value); err != nil {
		return short(err)
	}
	e := evaluation{left: maxSteps}
	err := e.check(s.root, value, nil)
	if e.left < 0 {
		return errSteps
	}
	return short(err)
}

// short makes any error's text fit for a client: one line, escaped where it is not plain, and cut.
func short(err error) error {
	if err == nil {
		return nil
	}
	text := strconv.QuoteToGraphic(err.Error())
	text = strings.ReplaceAll(text[1:len(text)-1], `\"`, `"`)
	if len(text) > maxSchemaErr {
		text = strings.ToValidUTF8(text[:maxSchemaErr-3], "") + "..."
	}
	return errors.New(text)
}

// countValues bounds the values in valid JSON without building them.
func countValues(data []byte) int {
	n, inString := 1, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == ',' || c == ':' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}

// An evaluation pays for every step before it takes it. Once nothing is left every check fails at once, and Validate
// gives no verdict.
type evaluation struct {
	left  int
	quiet int // above 0: in a branch whose error is not shown
}

// A place leads from the root of the instance to a value, last step first.
type place struct {
	up   *place
	name string
}

func (p *place) String() string {
	var names []string
	for ; p != nil && len(names) < 16; p = p.up {
		names = append(names, fmt.Sprintf("/%.64s", p.name))
	}
	slices.Reverse(names)
	if names == nil {
		return "the value"
	}
	return strings.Join(names, "")
}

func (e *evaluation) pay(steps int) bool {
	e.left -= steps
	return e.left >= 0
}

func (e *evaluation) failf(at *place, format string, args ...any) error {
	if e.quiet > 0 {
		return errMismatch
	}
	return fmt.Errorf("%v: %s", at, fmt.Sprintf(format, args...))
}

// check evaluates n against value. The order is that of rising cost.
func (e *evaluation) check(n *node, value any, at *place) error {
	if !e.pay(1 + n.valCost) {
		return errSteps
	}
	if n.never {
		return e.failf(at, "not allowed here")
	}
	if err := e.simple(n, value, at); err != nil {
		return err
	}
	var err error
	switch v := value.(type) {
	case float64:
		err = e.number(n, v, at)
	case string:
		err = e.text(n, v, at)
	case []any:
		err = e.array(n, v, at)
	case map[string]any:
		err = e.object(n, v, at)
	}
	if err != nil {
		return err
	}
	return e.logic(n, value, at)
}

func (e *evaluation) simple(n *node, value any, at *place) error {
	if n.types != nil && !hasType(n.types, value) {
		return e.failf(at, "is of type %s, want %s", typeOf(value), strings.Join(n.types, " or "))
	}
	if n.constant != nil && !equal(n.constant[0], value) {
		return e.failf(at, "is not the one value allowed")
	}
	if n.enum != nil && !slices.ContainsFunc(n.enum, func(v any) bool { return equal(v, value) }) {
		return e.failf(at, "is none of the %d values allowed", len(n.enum))
	}
	return nil
}

func (e *evaluation) logic(n *node, value any, at *place) error {
	if n.ref != nil {
		if err := e.check(n.ref, value, at); err != nil {
			return err
		}
	}
	for _, sub := range n.all {
		if err := e.check(sub, value, at); err != nil {
			return err
		}
	}
	if n.any != nil && e.matches(n.any, value, at, 1) == 0 {
		return e.failf(at, "matches none of the %d alternatives", len(n.any))
	}
	if n.one != nil {
		if m := e.matches(n.one, value, at, 2); m != 1 {
			return e.failf(at, "matches %s of the %d alternatives, want exactly one", []string{"none", "", "more than one"}[m], len(n.one))
		}
	}
	if n.not != nil && e.holds(n.not, value, at) {
		return e.failf(at, "is what the schema excludes")
	}
	if n.cond == nil {
		return nil
	}
	branch := n.then
	if !e.holds(n.cond, value, at) {
		branch = n.otherwise
	}
	if branch == nil {
		return nil
	}
	return e.check(branch, value, at)
}

// holds is meaningless once nothing is left, and Validate gives no verdict then.
func (e *evaluation) holds(n *node, value any, at *place) bool {
	e.quiet++
	defer func() { e.quiet-- }()
	return e.check(n, value, at) == nil
}

// matches counts the schemas that hold, up to enough.
func (e *evaluation) matches(list []*node, value any, at *place, enough int) int {
	count := 0
	for _, n := range list {
		if e.holds(n, value, at) {
			count++
		}
		if count == enough || e.left < 0 {
			break
		}
	}
	return count
}

// limits evaluates minWhat and maxWhat.
func (e *evaluation) limits(n *node, what string, got int, unit string, at *place) error {
	if least, ok := n.counts["min"+what]; ok && got < least {
		return e.failf(at, "has %d %s, want at least %d", got, unit, least)
	}
	if most, ok := n.counts["max"+what]; ok && got > most {
		return e.failf(at, "has %d %s, want at most %d", got, unit, most)
	}
	return nil
}
