package main

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	inputs  = 28 * 28
	hidden1 = 256
	hidden2 = 128
	outputs = 10

	parameters = inputs*hidden1 + hidden1 + hidden1*hidden2 + hidden2 + hidden2*outputs + outputs

	// maxWeight keeps every sum of the network finite, whatever the input.
	maxWeight = 100
)

// A model holds the weights and the values of one run. A guest serves one call at a time, so they may be used again.
type model struct {
	layers [3]layer
	x      [inputs]float32
	h1     [hidden1]float32
	h2     [hidden2]float32
	p      [outputs]float32
	answer [4 * outputs]byte
}

// newModel decodes the weights: for each layer the weights, those of one input together, and then the biases, all f32,
// little-endian.
func newModel(weights []byte) (*model, error) {
	if len(weights) != 4*parameters {
		return nil, fmt.Errorf("the weights have %d bytes, not %d", len(weights), 4*parameters)
	}
	values := make([]float32, parameters)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(weights[4*i:]))
		if !(values[i] >= -maxWeight && values[i] <= maxWeight) {
			return nil, fmt.Errorf("weight %d is not a number from -%d to %d", i, maxWeight, maxWeight)
		}
	}
	m := &model{}
	for i, size := range [][2]int{{inputs, hidden1}, {hidden1, hidden2}, {hidden2, outputs}} {
		weights := size[0] * size[1]
		m.layers[i] = layer{weights: values[:weights], bias: values[weights : weights+size[1]]}
		values = values[weights+size[1]:]
	}
	return m, nil
}

// predict takes the input tensor and returns the output tensor, which the next call overwrites.
func (m *model) predict(in []byte) ([]byte, error) {
	if len(in) != 4*inputs {
		return nil, fmt.Errorf("the input has %d bytes, not %d", len(in), 4*inputs)
	}
	for i := range m.x {
		v := math.Float32frombits(binary.LittleEndian.Uint32(in[4*i:]))
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("value %d of x is not a number from 0 to 1", i)
		}
		m.x[i] = v
	}
	m.layers[0].run(m.h1[:], m.x[:])
	relu(m.h1[:])
	m.layers[1].run(m.h2[:], m.h1[:])
	relu(m.h2[:])
	m.layers[2].run(m.p[:], m.h2[:])
	softmax(m.p[:])
	for i, v := range m.p {
		binary.LittleEndian.PutUint32(m.answer[4*i:], math.Float32bits(v))
	}
	return m.answer[:], nil
}
