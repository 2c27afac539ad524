package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
)

// A layer is fully connected. Weights are input-major: those of one input lie together, so that an input of zero, as most
// pixels are, costs nothing.
type layer struct {
	in, out int
	weights []float32
	bias    []float32
}

// A network is the stack 784-256-128-10 with ReLU between the layers. params holds all weights and biases, in the order
// of the weights file; the layers are windows into it.
type network struct {
	params []float32
	layers []layer
}

func shape() []int { return []int{pixels, 256, 128, classes} }

func emptyNetwork() *network {
	s := shape()
	size := 0
	for i := 1; i < len(s); i++ {
		size += s[i-1]*s[i] + s[i]
	}
	n := &network{params: make([]float32, size)}
	rest := n.params
	for i := 1; i < len(s); i++ {
		l := layer{in: s[i-1], out: s[i]}
		l.weights, rest = rest[:l.in*l.out], rest[l.in*l.out:]
		l.bias, rest = rest[:l.out], rest[l.out:]
		n.layers = append(n.layers, l)
	}
	return n
}

// newNetwork draws weights after He et al.: normal with variance 2/in.
func newNetwork(seed uint64) *network {
	n := emptyNetwork()
	r := rand.New(rand.NewPCG(seed, 2))
	for _, l := range n.layers {
		deviation := math.Sqrt(2 / float64(l.in))
		for i := range l.weights {
			l.weights[i] = float32(r.NormFloat64() * deviation)
		}
	}
	return n
}

// encode returns the weights file: every parameter as a little-endian f32.
func (n *network) encode() []byte {
	out := make([]byte, 0, 4*len(n.params))
	for _, p := range n.params {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(p))
	}
	return out
}

// decodeNetwork reads what encode wrote.
func decodeNetwork(data []byte) (*network, error) {
	n := emptyNetwork()
	if len(data) != 4*len(n.params) {
		return nil, fmt.Errorf("the weights have %d bytes, not %d", len(data), 4*len(n.params))
	}
	for i := range n.params {
		n.params[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return n, nil
}

// A pass holds the activations of one picture; the first is the input, the last the probabilities.
type pass struct {
	values [][]float32
	deltas [][]float32
	drop   *rand.Rand // draws which hidden values are dropped, in training; nil: none is
}

// keep is the part of the hidden values that training does not drop (Srivastava et al., 2014). The kept ones grow by
// 1/keep, so that evaluation needs no scaling.
const keep = 0.7

func newPass() *pass {
	p := &pass{}
	for _, size := range shape() {
		p.values = append(p.values, make([]float32, size))
		p.deltas = append(p.deltas, make([]float32, size))
	}
	return p
}

// forward fills p.values from p.values[0].
func (n *network) forward(p *pass) {
	for i, l := range n.layers {
		out := p.values[i+1]
		copy(out, l.bias)
		for j, v := range p.values[i] {
			if v != 0 {
				addScaled(out, l.weights[j*l.out:(j+1)*l.out], v)
			}
		}
		if i < len(n.layers)-1 {
			relu(out)
			p.dropSome(out)
		}
	}
	softmax(p.values[len(p.values)-1])
}

func (p *pass) dropSome(values []float32) {
	if p.drop == nil {
		return
	}
	for i := range values {
		if p.drop.Float32() < keep {
			values[i] /= keep
		} else {
			values[i] = 0
		}
	}
}

// backward adds the gradient of the cross entropy with the label to grad, which has the shape of n, after a forward
// that dropped.
func (n *network) backward(p *pass, grad *network, label byte) {
	last := len(n.layers)
	copy(p.deltas[last], p.values[last])
	p.deltas[last][label]--
	for i := last - 1; i >= 0; i-- {
		l, g := n.layers[i], grad.layers[i]
		delta := p.deltas[i+1]
		addScaled(g.bias, delta, 1)
		for j, v := range p.values[i] {
			if v == 0 {
				p.deltas[i][j] = 0 // by ReLU or dropped; nobody asks for the input's own
				continue
			}
			addScaled(g.weights[j*l.out:(j+1)*l.out], delta, v)
			if i > 0 {
				p.deltas[i][j] = dot(l.weights[j*l.out:(j+1)*l.out], delta) / keep
			}
		}
	}
}

func addScaled(y, x []float32, a float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += a * x[i]
	}
}

func dot(x, y []float32) float32 {
	y = y[:len(x)]
	var s float32
	for i := range x {
		s += x[i] * y[i]
	}
	return s
}

func relu(x []float32) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}

func softmax(x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float32
	for i, v := range x {
		x[i] = float32(math.Exp(float64(v - top)))
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}
