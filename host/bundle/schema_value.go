package bundle

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Values are those of a decoder into any: nil, bool, float64, string, []any, map[string]any.

func typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

func hasType(types []string, value any) bool {
	t := typeOf(value)
	return slices.Contains(types, t) || t == "integer" && slices.Contains(types, "number")
}

// equal compares at the cost of the smaller value.
func equal(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, v := range a {
			if w, ok := b[name]; !ok || !equal(v, w) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

// number evaluates the keywords for numbers. Instances and limits are float64, as in every JSON reader that clients use.
func (e *evaluation) number(n *node, value float64, at *place) error {
	cost := len(n.numbers)
	if of, ok := n.numbers["multipleOf"]; ok {
		cost += multipleCost(value, of)
	}
	if !e.pay(cost) {
		return errSteps
	}
	for _, limit := range []struct {
		keyword string
		broken  func(limit float64) bool
		text    string
	}{
		{"minimum", func(l float64) bool { return value < l }, "is less than %v"},
		{"maximum", func(l float64) bool { return value > l }, "is more than %v"},
		{"exclusiveMinimum", func(l float64) bool { return value <= l }, "is not more than %v"},
		{"exclusiveMaximum", func(l float64) bool { return value >= l }, "is not less than %v"},
		{"multipleOf", func(l float64) bool { return !isMultiple(value, l) }, "is no multiple of %v"},
	} {
		if l, ok := n.numbers[limit.keyword]; ok && limit.broken(l) {
			return e.failf(at, limit.text, l)
		}
	}
	return nil
}

// multipleCost is the steps of isMultiple: fractions grow with the exponents of both.
func multipleCost(value, of float64) int {
	if value == 0 || integers(value, of) {
		return 1
	}
	return 32 + int(math.Abs(math.Logb(value))+math.Abs(math.Logb(of)))/4
}

// integers reports whether both are integers that a float64 holds exactly.
func integers(a, b float64) bool {
	return a == math.Trunc(a) && b == math.Trunc(b) && math.Abs(a) < 1<<53 && math.Abs(b) < 1<<53
}

// isMultiple counts in decimal, so that 0.3 is a multiple of 0.1.
func isMultiple(value, of float64) bool {
	if integers(value, of) {
		return of > 0 && math.Mod(value, of) == 0
	}
	v, ok1 := new(big.Rat).SetString(strconv.FormatFloat(value, 'g', -1, 64))
	o, ok2 := new(big.Rat).SetString(strconv.FormatFloat(of, 'g', -1, 64))
	return ok1 && ok2 && o.Sign() > 0 && v.Quo(v, o).IsInt()
}

// text evaluates the keywords for strings.
func (e *evaluation) text(n *node, value string, at *place) error {
	if !e.pay(len(value) / 256) {
		return errSteps
	}
	if err := e.limits(n, "Length", utf8.RuneCountInString(value), "characters", at); err != nil {
		return err
	}
	if n.pattern == nil {
		return nil
	}
	if !e.pay(n.pattern.steps(value)) {
		return errSteps
	}
	if !n.pattern.re.MatchString(value) {
		return e.failf(at, "does not match the pattern %.200q", n.pattern.re.String())
	}
	return nil
}
