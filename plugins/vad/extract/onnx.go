package main

import (
	"errors"
	"fmt"
)

// The few messages of ONNX that hold weights, with the numbers of their fields (onnx/onnx.proto3 of
// https://github.com/onnx/onnx, IR version 8). All else in a file is left alone.

// A node is an operator of a graph.
type node struct {
	op         string
	in, out    []string
	attributes []attribute
}

// An attribute holds a tensor or a graph, as bytes, or something that nobody here asks for.
type attribute struct {
	name          string
	tensor, graph []byte
}

func (n *node) attribute(name string) *attribute {
	for i := range n.attributes {
		if n.attributes[i].name == name {
			return &n.attributes[i]
		}
	}
	return nil
}

// A file of 8 MiB could otherwise name millions of empty nodes, each of which costs a hundred bytes here.
const (
	maxNodes      = 4096
	maxNames      = 64
	maxAttributes = 64
	maxName       = 256
)

// readModel returns the nodes of the graph of a ModelProto.
func readModel(file []byte) ([]node, error) {
	var graph []byte
	err := fields(file, func(f field) error {
		if f.number == 7 && f.kind == delimited {
			if graph != nil {
				return errors.New("the model has two graphs")
			}
			graph = f.bytes
		}
		return nil
	})
	if err == nil && graph == nil {
		err = errors.New("the model has no graph")
	}
	if err != nil {
		return nil, err
	}
	return readGraph(graph)
}

// readGraph returns the nodes of a GraphProto.
func readGraph(graph []byte) ([]node, error) {
	var nodes []node
	err := fields(graph, func(f field) error {
		if f.number != 1 || f.kind != delimited {
			return nil
		}
		if len(nodes) == maxNodes {
			return fmt.Errorf("a graph has more than %d nodes", maxNodes)
		}
		n, err := readNode(f.bytes)
		nodes = append(nodes, n)
		return err
	})
	return nodes, err
}

func readNode(b []byte) (n node, err error) {
	err = fields(b, func(f field) error {
		if f.kind != delimited {
			return nil
		}
		switch f.number {
		case 1:
			return addName(&n.in, f.bytes)
		case 2:
			return addName(&n.out, f.bytes)
		case 4:
			n.op, err = text(f.bytes)
			return err
		case 5:
			if len(n.attributes) == maxAttributes {
				return fmt.Errorf("a node has more than %d attributes", maxAttributes)
			}
			a, err := readAttribute(f.bytes)
			n.attributes = append(n.attributes, a)
			return err
		}
		return nil
	})
	return n, err
}

func addName(to *[]string, b []byte) error {
	if len(*to) == maxNames {
		return fmt.Errorf("a node has more than %d inputs or outputs", maxNames)
	}
	name, err := text(b)
	*to = append(*to, name)
	return err
}

func text(b []byte) (string, error) {
	if len(b) > maxName {
		return "", fmt.Errorf("a name has %d bytes, more than %d", len(b), maxName)
	}
	return string(b), nil
}

func readAttribute(b []byte) (a attribute, err error) {
	err = fields(b, func(f field) error {
		if f.kind != delimited {
			return nil
		}
		switch f.number {
		case 1:
			a.name, err = text(f.bytes)
			return err
		case 5:
			a.tensor = f.bytes
		case 6:
			a.graph = f.bytes
		}
		return nil
	})
	return a, err
}
