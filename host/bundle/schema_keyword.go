package bundle

import (
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
)

// keyword compiles one member of a schema object into n.
func (c *compiler) keyword(n *node, name string, value any, where string) {
	switch name {
	case "$ref", "title", "description", "$comment", "$schema", "$id", "$anchor", "default", "examples", "deprecated",
		"readOnly", "writeOnly", "$defs", "definitions":
	default:
		n.siblings = n.siblings || !strings.HasPrefix(name, "x-")
	}
	switch name {
	case "$schema", "$id", "$anchor", "$ref":
		c.core(n, name, c.str(where, value), where)
	case "title", "description", "$comment", "format", "contentEncoding", "contentMediaType":
		c.str(where, value)
	case "deprecated", "readOnly", "writeOnly":
		c.boolean(where, value)
	case "default":
	case "examples":
		c.list(where, value)
	case "type":
		c.types(n, where, value)
	case "enum":
		n.enum = c.list(where, value)
		n.valCost += weight(value)
	case "const":
		n.constant = []any{value}
		n.valCost += weight(value)
	case "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
		c.number(n, name, where, value)
	case "minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains", "minProperties", "maxProperties":
		c.count(n, name, where, value)
	case "pattern":
		n.pattern = c.regexp(where, c.str(where, value))
	case "uniqueItems":
		n.unique = c.boolean(where, value)
	case "required":
		n.required = c.strings(where, value)
	case "dependentRequired":
		c.needs(n, where, value)
	default:
		c.applicator(n, name, value, where)
	}
}

// applicator compiles the keywords that hold schemas, and refuses those that nothing here evaluates.
func (c *compiler) applicator(n *node, name string, value any, where string) {
	switch name {
	case "$defs", "definitions":
		c.definitions(where, value)
	case "contentSchema":
		c.compile(where, value)
	case "allOf":
		n.all = c.childList(n, where, value)
	case "anyOf":
		n.any = c.childList(n, where, value)
	case "oneOf":
		n.one = c.childList(n, where, value)
	case "not":
		n.not = c.child(n, where, value)
	case "if":
		n.cond = c.child(n, where, value)
	case "then":
		n.then = c.child(n, where, value)
	case "else":
		n.otherwise = c.child(n, where, value)
	case "prefixItems":
		n.prefix = c.childList(n, where, value)
	case "items":
		n.items = c.child(n, where, value)
	case "contains":
		n.contains = c.child(n, where, value)
	case "properties":
		n.properties = c.childMap(n, where, value)
	case "patternProperties":
		c.patternProperties(n, where, value)
	case "additionalProperties":
		n.additional = c.child(n, where, value)
	case "propertyNames":
		n.names = c.child(n, where, value)
	case "dependentSchemas":
		n.dependent = c.childMap(n, where, value)
	case "x-mcp-header":
		n.headers = []any{value}
	default:
		if !strings.HasPrefix(name, "x-") || strings.ToLower(name) != name {
			c.failf(where, "this host does not evaluate the keyword %q, and a limit that is not enforced is worse than none", name)
		}
	}
}

func (c *compiler) core(n *node, name, value, where string) {
	switch name {
	case "$schema":
		c.draft07 = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(value, "https"), "http"), "#") == "://json-schema.org/draft-07/schema"
		if n.where != "" || !c.draft07 && value != "https://json-schema.org/draft/2020-12/schema" {
			c.failf(where, "want draft 2020-12 or draft-07, at the root only")
		}
	case "$id":
		// A base of its own would let a reference that looks local point elsewhere.
		u, err := url.Parse(value)
		if n.where != "" || err != nil || !u.IsAbs() || u.Fragment != "" {
			c.failf(where, "want an absolute URI without fragment, at the root only")
		}
	case "$anchor":
		if _, ok := c.anchors[value]; ok || value == "" || strings.ContainsAny(value, "/#%~") {
			c.failf(where, "anchor %q is a duplicate or no plain name", value)
		}
		c.anchors[value] = n
	case "$ref":
		n.refText = value
		if !strings.HasPrefix(value, "#") {
			c.failf(where, "reference %q leaves the schema", value)
		}
	}
}

func (c *compiler) types(n *node, where string, value any) {
	if s, ok := value.(string); ok {
		n.types = []string{s}
	} else {
		n.types, n.typeList = c.strings(where, value), true
	}
	known := []string{"null", "boolean", "object", "array", "number", "string", "integer"}
	for _, t := range n.types {
		if !slices.Contains(known, t) {
			c.failf(where, "unknown type %q", t)
		}
	}
	if len(n.types) == 0 {
		c.failf(where, "want at least one type")
	}
}

func (c *compiler) number(n *node, name, where string, value any) {
	f, ok := value.(float64)
	if !ok || name == "multipleOf" && f <= 0 {
		c.failf(where, "want a number, over 0 for multipleOf")
	}
	if n.numbers == nil {
		n.numbers = map[string]float64{}
	}
	n.numbers[name] = f
}

func (c *compiler) count(n *node, name, where string, value any) {
	f, ok := value.(float64)
	if !ok || f < 0 || f > math.MaxInt32 || f != math.Trunc(f) {
		c.failf(where, "want a whole number from 0 to 2^31-1")
	}
	if n.counts == nil {
		n.counts = map[string]int{}
	}
	n.counts[name] = int(f)
}

func (c *compiler) needs(n *node, where string, value any) {
	object, ok := value.(map[string]any)
	if !ok {
		c.failf(where, "want an object of arrays of names")
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		n.needs = append(n.needs, dependency{name, c.strings(where+"/"+escape(name), object[name])})
	}
}

func (c *compiler) patternProperties(n *node, where string, value any) {
	for _, child := range c.childMap(n, where, value) {
		n.patterns = append(n.patterns, patternNode{c.regexp(where+"/"+escape(child.name), child.name), child.node})
	}
}

func (c *compiler) str(where string, value any) string {
	s, ok := value.(string)
	if !ok {
		c.failf(where, "want a string")
	}
	return s
}

func (c *compiler) boolean(where string, value any) bool {
	b, ok := value.(bool)
	if !ok {
		c.failf(where, "want true or false")
	}
	return b
}

func (c *compiler) list(where string, value any) []any {
	list, ok := value.([]any)
	if !ok {
		c.failf(where, "want an array")
	}
	return list
}

func (c *compiler) strings(where string, value any) []string {
	var out []string
	seen := map[string]bool{}
	for _, e := range c.list(where, value) {
		s := c.str(where, e)
		if seen[s] {
			c.failf(where, "%q stands there twice", s)
		}
		seen[s] = true
		out = append(out, s)
	}
	return out
}
