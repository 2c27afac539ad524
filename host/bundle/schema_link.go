package bundle

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// link resolves the references, refuses cycles and bounds the size of the schema with every reference written out.
func (c *compiler) link() {
	all := slices.Sorted(maps.Keys(c.nodes))
	for _, where := range all {
		n := c.nodes[where]
		if n.refText == "" {
			continue
		}
		if c.draft07 && n.siblings {
			c.failf(where, "draft-07 ignores what stands beside $ref; put it into allOf, or use draft 2020-12")
		}
		if n.ref = c.resolve(n.refText); n.ref == nil {
			c.failf(where, "reference %q leads to no schema", n.refText)
			return
		}
		n.children = append(n.children, n.ref)
	}
	for _, where := range all {
		if c.expand(c.nodes[where]) > maxExpanded {
			c.failf(where, "with its references written out it has more than %d subschemas", maxExpanded)
			return
		}
	}
}

// resolve finds what a local reference means: an anchor, or a JSON pointer in a URI fragment.
func (c *compiler) resolve(ref string) *node {
	fragment, err := url.PathUnescape(strings.TrimPrefix(ref, "#"))
	if err != nil {
		return nil
	}
	if n, ok := c.anchors[fragment]; ok {
		return n
	}
	return c.nodes[fragment]
}

// expand counts the subschemas of n with every reference written out, at most maxExpanded+1.
func (c *compiler) expand(n *node) int {
	if n.visiting {
		c.failf(n.where, "its references form a cycle")
		return maxExpanded + 1
	}
	if n.expanded > 0 {
		return n.expanded
	}
	n.visiting = true
	size := 1
	for _, child := range n.children {
		size = min(size+c.expand(child), maxExpanded+1)
	}
	n.visiting = false
	n.expanded = size
	return size
}

// headers checks x-mcp-header under the rules of go-sdk (SEP-2243): on properties reached from the root through
// properties alone, of type string, integer or boolean, each header name an HTTP token that no other property uses in any
// case. go-sdk drops all annotations of a schema in whose properties it meets a type array or a boolean, so beside an
// annotation those are refused: a header that nobody compares is a way around whoever trusts it.
func (c *compiler) headers(root *node) {
	annotated, odd := map[string]*node{}, ""
	onPath := map[*node]bool{}
	var walk func(n *node)
	walk = func(n *node) {
		onPath[n] = true
		if n.typeList || n.boolean {
			odd = n.where
		}
		for _, p := range n.properties {
			walk(p.node)
		}
	}
	walk(root)
	for _, where := range slices.Sorted(maps.Keys(c.nodes)) {
		n := c.nodes[where]
		if n.headers == nil {
			continue
		}
		name, ok := n.headers[0].(string)
		if !ok || !isToken(name) {
			c.failf(where, "x-mcp-header is no HTTP header name")
		}
		if !onPath[n] || len(n.types) != 1 || !slices.Contains([]string{"string", "integer", "boolean"}, n.types[0]) {
			c.failf(where, "x-mcp-header belongs to a property of type string, integer or boolean")
		}
		if annotated[strings.ToLower(name)] != nil {
			c.failf(where, "x-mcp-header %q stands there twice", name)
		}
		annotated[strings.ToLower(name)] = n
	}
	if len(annotated) > 0 && odd != "" {
		c.failf(odd, "beside x-mcp-header, every property has one type and is no boolean schema")
	}
}

// isToken reports whether s is a token of RFC 9110.
func isToken(s string) bool {
	for _, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r) {
			return false
		}
	}
	return s != ""
}

// weight is the cost of comparing with value.
func weight(value any) int {
	text, err := json.Marshal(value)
	if err != nil {
		return MaxSchema
	}
	return 1 + len(text)/16
}
