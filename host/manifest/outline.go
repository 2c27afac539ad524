package manifest

import "fmt"

// An outline is the structure of a TOML text: where each key stands, and what is wrong with the way tables were opened.
type outline struct {
	root    *node
	keys    []keyPath // every key and table header, in the order of the text
	headers []header
	faults  []fault
}

type header struct {
	at  keyPath
	row int
}

type fault struct {
	at   keyPath
	row  int
	text string
}

// A node is a key or table. Only byHeader and implied tables may be opened further by headers, only dotted ones by
// dotted keys, which then stand in the same block, since no block is opened twice. The TOML library is more lenient.
type node struct {
	kind     kindOfNode
	row      int // where it was defined, or implied by one header only; 0: no such line
	children map[string]*node
}

type kindOfNode int

const (
	plain    kindOfNode = iota // key = value, inline tables too
	dotted                     // the a of a.b = value
	byHeader                   // [a]
	implied                    // the a of [a.b]
	repeated                   // [[a]]
)

func (n *node) child(name string) *node { return n.children[name] }

func (n *node) put(name string, c *node) *node {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[name] = c
	return c
}

// openTable defines the table of a header. After a fault it returns a node outside of the outline, so that one mistake
// is reported once.
func (o *outline) openTable(at keyPath, array bool, row int) *node {
	o.headers = append(o.headers, header{at: at, row: row})
	n := o.root
	for i, name := range at[:len(at)-1] {
		switch c := n.child(name); {
		case c == nil:
			n = n.put(name, &node{kind: implied, row: row})
		case c.kind == plain || c.kind == dotted:
			return o.fault(at[:i+1], row, c)
		case c.kind == implied:
			c.row = 0 // more than one line speaks of it
			n = c
		default:
			n = c
		}
	}
	name, kind := at[len(at)-1], byHeader
	if array {
		kind = repeated
	}
	c := n.child(name)
	switch {
	case c == nil:
		return n.put(name, &node{kind: kind, row: row})
	case c.kind == implied && !array:
		c.kind, c.row = byHeader, row
	case c.kind == repeated && array:
		c.children = nil
	default:
		return o.fault(at, row, c)
	}
	return c
}

// openKey defines keys in the table n, whose path is prefix. After a fault it returns a node outside of the outline.
func (o *outline) openKey(n *node, prefix, keys keyPath, row int) *node {
	last := len(keys) - 1
	for i, name := range keys[:last] {
		c := n.child(name)
		if c == nil {
			c = n.put(name, &node{kind: dotted, row: row})
		} else if c.kind != dotted {
			return o.fault(prefix.add(keys[:i+1]...), row, c)
		}
		n = c
	}
	if c := n.child(keys[last]); c != nil {
		return o.fault(prefix.add(keys...), row, c)
	}
	return n.put(keys[last], &node{kind: plain, row: row})
}

func (o *outline) fault(at keyPath, row int, first *node) *node {
	text := "defined a second time"
	if first.row > 0 {
		text = fmt.Sprintf("defined a second time, first on line %d", first.row)
	}
	o.faults = append(o.faults, fault{at: at, row: row, text: text})
	return &node{}
}

// line returns the line of the key at, or of the nearest table around it that has one; 0 if there is none.
func (o *outline) line(at keyPath) int {
	if o == nil {
		return 0
	}
	n, row := o.root, 0
	for _, name := range at {
		if n = n.child(name); n == nil {
			break
		}
		if n.row > 0 {
			row = n.row
		}
		if n.kind == repeated {
			break // which of them is not known
		}
	}
	return row
}
