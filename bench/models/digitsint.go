package models

import (
	"fmt"

	"bulkhead/bench/onnx"
)

// DigitsIntONNX writes the network of plugins/digits in int8 down, from the plugin's asset: the weights of all layers, then
// for each layer inverse, scales and biases. ONNX has no layer like that: it takes eight operations.
func DigitsIntONNX(asset []byte) (model []byte, in, out onnx.Value, err error) {
	sizes := [][2]int{{Pixels, Hidden1}, {Hidden1, Hidden2}, {Hidden2, Classes}}
	weights, factors := 0, 0
	for _, s := range sizes {
		weights, factors = weights+s[0]*s[1], factors+1+2*s[1]
	}
	if len(asset) != weights+4*factors {
		return nil, in, out, fmt.Errorf("the int8 weights have %d bytes", len(asset))
	}
	in = onnx.Value{Name: "x", Type: onnx.Float, Shape: []int{1, Pixels}}
	out = onnx.Value{Name: "p", Type: onnx.Float, Shape: []int{1, Classes}}
	g := onnx.Graph{Name: "digits-int8", Inputs: []onnx.Value{in}, Outputs: []onnx.Value{out}}
	g.Weights = append(g.Weights, onnx.Tensor{Name: "least", Type: onnx.Float, Bytes: Bytes([]float32{0})}, onnx.Tensor{Name: "most", Type: onnx.Float, Bytes: Bytes([]float32{127})})
	w, f, at := asset[:weights], Floats(asset[weights:]), in.Name
	for i, s := range sizes {
		at = intLayer(&g, i, s[0], s[1], w[:s[0]*s[1]], f[:1+2*s[1]], at)
		w, f = w[s[0]*s[1]:], f[1+2*s[1]:]
	}
	g.Nodes = append(g.Nodes, onnx.Node{Op: "Softmax", In: []string{at}, Out: []string{out.Name}})
	return g.Bytes(), in, out, nil
}

// intLayer adds a layer and returns the name of its output.
func intLayer(g *onnx.Graph, i, in, out int, weights []byte, factors []float32, from string) string {
	name := func(s string) string { return fmt.Sprint(s, i) }
	turned := make([]byte, len(weights)) // those of one input together
	for r := range out {
		for c := range in {
			turned[c*out+r] = weights[r*in+c]
		}
	}
	g.Weights = append(g.Weights,
		onnx.Tensor{Name: name("w"), Type: onnx.Int8, Shape: []int{in, out}, Bytes: turned},
		onnx.Tensor{Name: name("inverse"), Type: onnx.Float, Bytes: Bytes(factors[:1])},
		onnx.Tensor{Name: name("scale"), Type: onnx.Float, Shape: []int{out}, Bytes: Bytes(factors[1 : 1+out])},
		onnx.Tensor{Name: name("bias"), Type: onnx.Float, Shape: []int{out}, Bytes: Bytes(factors[1+out:])})
	step := func(op, result string, attributes map[string]int, in ...string) {
		g.Nodes = append(g.Nodes, onnx.Node{Op: op, In: in, Out: []string{name(result)}, Attributes: attributes})
	}
	step("Mul", "scaled", nil, from, name("inverse"))
	step("Round", "rounded", nil, name("scaled"))
	step("Clip", "held", nil, name("rounded"), "least", "most")
	step("Cast", "bytes", map[string]int{"to": int(onnx.Uint8)}, name("held"))
	step("MatMulInteger", "sums", nil, name("bytes"), name("w"))
	step("Cast", "floats", map[string]int{"to": int(onnx.Float)}, name("sums"))
	step("Mul", "product", nil, name("floats"), name("scale"))
	step("Add", "y", nil, name("product"), name("bias"))
	return name("y")
}

// Silero's values, as its file names them.
func Silero() (inputs, outputs []onnx.Value) {
	return []onnx.Value{{Name: "input", Type: onnx.Float, Shape: []int{1, 576}}, {Name: "state", Type: onnx.Float, Shape: []int{2, 1, 128}}, {Name: "sr", Type: onnx.Int64, Scalar: 16_000}},
		[]onnx.Value{{Name: "output", Type: onnx.Float, Shape: []int{1, 1}}, {Name: "stateN", Type: onnx.Float, Shape: []int{2, 1, 128}}}
}
