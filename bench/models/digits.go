// Package models has the networks that are measured, as numbers: to check every contender's answers against, and to write
// them down for the runtimes that want files.
package models

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"bulkhead/bench/onnx"
)

// Sizes of the digits network.
const (
	Pixels  = 784
	Hidden1 = 256
	Hidden2 = 128
	Classes = 10
)

// A Layer is dense: the weights of one output lie together.
type Layer struct {
	In, Out int
	Weights []float32 // Out rows of In
	Bias    []float32
}

// Digits is the multilayer perceptron of plugins/digits in f32.
type Digits [3]Layer

// ReadDigits reads the weights that the trainer wrote: for each layer those of one input together, then the biases.
func ReadDigits(root string) (*Digits, error) {
	path := filepath.Join(root, "plugins", "digits", "weights.f32.bin")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := Floats(data)
	var d Digits
	for i, size := range [][2]int{{Pixels, Hidden1}, {Hidden1, Hidden2}, {Hidden2, Classes}} {
		in, out := size[0], size[1]
		if len(values) < in*out+out {
			return nil, fmt.Errorf("%s is too short", path)
		}
		d[i] = Layer{In: in, Out: out, Weights: transposed(values[:in*out], in, out), Bias: values[in*out : in*out+out]}
		values = values[in*out+out:]
	}
	if len(values) != 0 {
		return nil, fmt.Errorf("%s has %d numbers too many", path, len(values))
	}
	return &d, nil
}

func transposed(w []float32, rows, columns int) []float32 {
	out := make([]float32, len(w))
	for i := range rows {
		for j := range columns {
			out[j*rows+i] = w[i*columns+j]
		}
	}
	return out
}

// Bytes are the weights, layer by layer: those of one output together, then the biases.
func (d *Digits) Bytes() (b []byte) {
	for _, l := range d {
		b = append(append(b, Bytes(l.Weights)...), Bytes(l.Bias)...)
	}
	return b
}

// Predict is the network as Go does it without vectors: the reference, and a contender.
func (d *Digits) Predict(dst, picture []byte) ([]byte, error) {
	if len(picture) != 4*Pixels {
		return nil, fmt.Errorf("a picture of %d bytes", len(picture))
	}
	x := Floats(picture)
	for i := range d {
		x = d[i].run(x, i < len(d)-1)
	}
	softmax(x)
	return append(dst, Bytes(x)...), nil
}

func (l *Layer) run(x []float32, relu bool) []float32 {
	y := make([]float32, l.Out)
	for i := range y {
		w, sum := l.Weights[i*l.In:][:len(x)], l.Bias[i]
		for j, v := range x {
			sum += w[j] * v
		}
		if relu {
			sum = max(sum, 0)
		}
		y[i] = sum
	}
	return y
}

func softmax(x []float32) {
	top, sum := x[0], float32(0)
	for _, v := range x {
		top = max(top, v)
	}
	for i, v := range x {
		x[i] = float32(math.Exp(float64(v - top)))
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}

// ONNX is the network as a file, and its one input and output.
func (d *Digits) ONNX() (model []byte, in, out onnx.Value) {
	in = onnx.Value{Name: "x", Type: onnx.Float, Shape: []int{1, Pixels}}
	out = onnx.Value{Name: "p", Type: onnx.Float, Shape: []int{1, Classes}}
	g := onnx.Graph{Name: "digits", Inputs: []onnx.Value{in}, Outputs: []onnx.Value{out}}
	at := in.Name
	for i, l := range d {
		w, bias, sum := fmt.Sprint("w", i), fmt.Sprint("b", i), fmt.Sprint("y", i)
		g.Weights = append(g.Weights, onnx.Tensor{Name: w, Type: onnx.Float, Shape: []int{l.Out, l.In}, Bytes: Bytes(l.Weights)},
			onnx.Tensor{Name: bias, Type: onnx.Float, Shape: []int{l.Out}, Bytes: Bytes(l.Bias)})
		g.Nodes = append(g.Nodes, onnx.Node{Op: "Gemm", In: []string{at, w, bias}, Out: []string{sum}, Attributes: map[string]int{"transB": 1}})
		if at = sum; i < len(d)-1 {
			at = fmt.Sprint("h", i)
			g.Nodes = append(g.Nodes, onnx.Node{Op: "Relu", In: []string{sum}, Out: []string{at}})
		}
	}
	g.Nodes = append(g.Nodes, onnx.Node{Op: "Softmax", In: []string{at}, Out: []string{out.Name}})
	return g.Bytes(), in, out
}

// Floats are f32 from little-endian bytes, and Bytes the way back.
func Floats(b []byte) []float32 {
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x
}

// Bytes are little-endian bytes of f32.
func Bytes(x []float32) []byte {
	b := make([]byte, 0, 4*len(x))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}
