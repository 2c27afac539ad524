package main

import (
	"encoding/binary"
	"math"
)

// A quantised layer computes float32(sum of weights * activations) * scale + bias for every row. Its activations are its
// input times inverse, rounded to 0 to 127.
type quantised struct {
	weights     []int8 // row by row: those of one output together
	inverse     float32
	scale, bias []float32
}

// most is the largest activation and the largest weight.
const most = 127

// quantise makes int8 of a trained network. Weights are symmetric, each row with a scale of its own. What a layer's
// input reaches on the training digits becomes 127; what a picture takes further is cut off there.
func quantise(n *network, training []digit) []quantised {
	tops := reach(n, training)
	out := make([]quantised, len(n.layers))
	for i, l := range n.layers {
		q := quantised{inverse: most / tops[i], bias: l.bias}
		for o := range l.out {
			row := make([]float32, l.in)
			for j := range row {
				row[j] = l.weights[j*l.out+o]
			}
			step := largest(row) / most
			for _, w := range row {
				q.weights = append(q.weights, int8(math.RoundToEven(float64(w/step))))
			}
			q.scale = append(q.scale, step*tops[i]/most)
		}
		out[i] = q
	}
	return out
}

// reach returns how large the values that enter each layer get.
func reach(n *network, digits []digit) []float32 {
	p, tops := newPass(), make([]float32, len(n.layers))
	for i := range digits {
		n.predict(p, &digits[i])
		for j := range tops {
			tops[j] = max(tops[j], largest(p.values[j]))
		}
	}
	return tops
}

// largest returns the largest magnitude, which is not 0.
func largest(values []float32) float32 {
	top := float32(1e-6)
	for _, v := range values {
		top = max(top, v, -v)
	}
	return top
}

// encodeQuantised returns the weights file of the plugin: the weights of all layers, then for each layer inverse, scales
// and biases as little-endian f32.
func encodeQuantised(layers []quantised) []byte {
	var out []byte
	for _, q := range layers {
		for _, w := range q.weights {
			out = append(out, byte(w))
		}
	}
	for _, q := range layers {
		for _, v := range append(append([]float32{q.inverse}, q.scale...), q.bias...) {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out
}
