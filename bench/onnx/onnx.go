// Package onnx writes models in ONNX's format (onnx.proto3 of ONNX 1.12): as much of it as small networks need.
package onnx

import "google.golang.org/protobuf/encoding/protowire"

// A Type is an element type, by its number in TensorProto.DataType.
type Type int

// The types.
const (
	Float Type = 1
	Uint8 Type = 2
	Int8  Type = 3
	Int32 Type = 6
	Int64 Type = 7
)

// A Tensor is a weight: its bytes are little-endian, row by row.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int
	Bytes []byte
}

// A Value is an input or an output. One without shape is a scalar of type Int64, and has always that value.
type Value struct {
	Name   string
	Type   Type
	Shape  []int
	Scalar int64
}

// A Node is one operation. Its attributes are all integers.
type Node struct {
	Op         string
	In, Out    []string
	Attributes map[string]int
}

// A Graph is a whole model.
type Graph struct {
	Name            string
	Nodes           []Node
	Weights         []Tensor
	Inputs, Outputs []Value
}

// Versions of the format and of the operations.
const (
	format = 8
	opset  = 17
)

// Bytes is the model's file.
func (g Graph) Bytes() []byte {
	m := number(nil, 1, format)
	m = text(m, 2, "bulkhead bench")
	m = field(m, 7, g.bytes())
	return field(m, 8, number(nil, 2, opset))
}

func (g Graph) bytes() (b []byte) {
	for _, n := range g.Nodes {
		b = field(b, 1, n.bytes())
	}
	b = text(b, 2, g.Name)
	for _, w := range g.Weights {
		b = field(b, 5, w.bytes())
	}
	for _, v := range g.Inputs {
		b = field(b, 11, v.bytes())
	}
	for _, v := range g.Outputs {
		b = field(b, 12, v.bytes())
	}
	return b
}

func (n Node) bytes() (b []byte) {
	for _, name := range n.In {
		b = text(b, 1, name)
	}
	for _, name := range n.Out {
		b = text(b, 2, name)
	}
	b = text(b, 4, n.Op)
	for name, value := range n.Attributes {
		const isInteger = 2
		b = field(b, 5, number(number(text(nil, 1, name), 3, value), 20, isInteger))
	}
	return b
}

func (t Tensor) bytes() (b []byte) {
	for _, d := range t.Shape {
		b = number(b, 1, d)
	}
	b = number(b, 2, int(t.Type))
	b = text(b, 8, t.Name)
	return field(b, 9, t.Bytes)
}

func (v Value) bytes() []byte {
	var shape []byte
	for _, d := range v.Shape {
		shape = field(shape, 1, number(nil, 1, d))
	}
	tensor := field(number(nil, 1, int(v.Type)), 2, shape)
	return field(text(nil, 1, v.Name), 2, field(nil, 1, tensor))
}

func number(b []byte, field protowire.Number, n int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(n))
}

func text(b []byte, number protowire.Number, s string) []byte { return field(b, number, []byte(s)) }

func field(b []byte, number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), content)
}
