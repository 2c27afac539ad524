package bundle

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"bulkhead/host/strictjson"
)

// Limits of a JSON Schema in a descriptor.
const (
	MaxSchema      = 64 << 10 // bytes
	MaxSchemaDepth = 32       // nesting of its JSON
	maxExpanded    = 10_000   // subschemas, each counted once for every way that leads to it
)

// A Schema is a JSON Schema (draft 2020-12) whose every evaluation ends after a bounded number of steps. It is immutable
// and safe for concurrent use.
//
// It knows the keywords of the core, applicator and validation vocabularies but $dynamicRef, $vocabulary and
// unevaluated*; a keyword that it does not know is an error, not an annotation, unless it begins with x-. References
// stay inside the schema and form no cycle. Of draft-07 it takes what means the same in both.
//
// The host evaluates schemas itself because a hostile client or author must not choose the cost: jsonschema-go, the oracle
// of this package's tests, prints the whole value into the error of every branch that fails, finds equal items with a
// hash that collides at will, and has no limit on steps.
type Schema struct {
	raw  json.RawMessage
	root *node
}

// Raw returns the schema as its author wrote it, without insignificant white space. It must not be changed.
func (s *Schema) Raw() json.RawMessage { return s.raw }

// CompileSchema reads the schema of a tool's input or output. Its root must have the type "object", and nothing in it may
// make go-sdk's Server.AddTool panic.
func CompileSchema(raw []byte) (*Schema, error) {
	if len(raw) > MaxSchema {
		return nil, fmt.Errorf("the schema has %d bytes, more than %d", len(raw), MaxSchema)
	}
	if err := strictjson.CheckDepth(raw, MaxSchemaDepth); err != nil {
		return nil, err
	}
	if _, err := strictjson.Canonical(raw); err != nil { // or no result that lists the tool could be recorded
		return nil, fmt.Errorf("the schema: %w", err)
	}
	var value any
	if err := jsonv2.Unmarshal(raw, &value); err != nil {
		return nil, fmt.Errorf("decoding the schema: %w", err)
	}
	c := &compiler{nodes: map[string]*node{}, anchors: map[string]*node{}}
	c.text("", value)
	root := c.compile("", value)
	c.link()
	c.headers(root)
	if len(root.types) != 1 || root.types[0] != "object" || root.typeList {
		c.failf("", `its root must have "type": "object"`)
	}
	if c.err != nil {
		return nil, c.err
	}
	return &Schema{raw: raw, root: root}, nil
}

// A node is one subschema, compiled. A nil or empty field is an absent keyword.
type node struct {
	where   string // JSON pointer to it
	boolean bool   // the schema true or false
	never   bool   // the schema false

	ref      *node
	refText  string
	siblings bool  // has keywords beside $ref, which draft-07 ignores
	headers  []any // x-mcp-header: none or one

	types    []string
	typeList bool // types came as an array
	enum     []any
	constant []any // one value
	valCost  int   // of comparing with enum and constant
	numbers  map[string]float64
	counts   map[string]int
	pattern  *pattern
	unique   bool
	required []string
	needs    []dependency // dependentRequired

	all, any, one              []*node
	not, cond, then, otherwise *node
	prefix                     []*node
	items, contains            *node
	properties                 []namedNode
	patterns                   []patternNode
	additional, names          *node
	dependent                  []namedNode

	children []*node // all subschemas that it applies, for the cost
	expanded int     // itself and all below, 0 while not counted
	visiting bool
}

// Members are kept sorted by name, so that one value always fails in the same place.
type (
	namedNode struct {
		name string
		node *node
	}
	patternNode struct {
		pattern *pattern
		node    *node
	}
	dependency struct {
		name  string
		needs []string
	}
)

type compiler struct {
	nodes   map[string]*node
	anchors map[string]*node
	draft07 bool
	err     error // the first
}

func (c *compiler) failf(where, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("schema at %q: %s", "#"+where, fmt.Sprintf(format, args...))
	}
}

// compile always returns a node; what is wrong is in c.err.
func (c *compiler) compile(where string, value any) *node {
	n := &node{where: where}
	c.nodes[where] = n
	switch v := value.(type) {
	case bool:
		n.boolean, n.never = true, !v
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			c.keyword(n, name, v[name], where+"/"+escape(name))
		}
	default:
		c.failf(where, "a schema is an object or a boolean")
	}
	return n
}

// child compiles a subschema that applies to the same value or to a part of it.
func (c *compiler) child(n *node, where string, value any) *node {
	child := c.compile(where, value)
	n.children = append(n.children, child)
	return child
}

func (c *compiler) childList(n *node, where string, value any) []*node {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		c.failf(where, "want an array of at least one schema")
	}
	var out []*node
	for i, v := range list {
		out = append(out, c.child(n, where+"/"+strconv.Itoa(i), v))
	}
	return out
}

func (c *compiler) childMap(n *node, where string, value any) []namedNode {
	object, ok := value.(map[string]any)
	if !ok {
		c.failf(where, "want an object of schemas")
	}
	var out []namedNode
	for _, name := range slices.Sorted(maps.Keys(object)) {
		out = append(out, namedNode{name, c.child(n, where+"/"+escape(name), object[name])})
	}
	return out
}

// definitions compiles schemas that apply only where something refers to them.
func (c *compiler) definitions(where string, value any) {
	object, ok := value.(map[string]any)
	if !ok {
		c.failf(where, "want an object of schemas")
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		c.compile(where+"/"+escape(name), object[name])
	}
}

// text refuses hidden characters in every string and name of the schema: clients show them to people and models.
func (c *compiler) text(where string, value any) {
	check := func(s string) {
		if err := checkText(s, MaxText); err != nil {
			c.failf(where, "%v", err)
		}
	}
	switch v := value.(type) {
	case string:
		check(v)
	case []any:
		for i, e := range v {
			c.text(where+"/"+strconv.Itoa(i), e)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			check(name)
			c.text(where+"/"+escape(name), v[name])
		}
	}
}

// escape makes a name a segment of a JSON pointer (RFC 6901).
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
