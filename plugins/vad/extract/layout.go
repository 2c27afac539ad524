package main

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	// maxWeight keeps every sum of the network finite, whatever the input.
	maxWeight = 100

	cells = 128 // of the LSTM

	// binStride is how far the spectra of two moments lie apart: bins, and zeros up to a multiple of a vector of four.
	binStride = 132

	// rowUnit is the multiple to which rows of weights are filled up with zeros: what the kernels take in one step.
	rowUnit = 16
)

// A convolution over time, of three taps. Only taps are kept that ever meet a value: with one moment of input the tap before
// and the tap after see padding alone.
type convolution struct {
	name        string
	out, in     int
	stride      int // from tap to tap in the file
	first, last int // of the taps that are kept
}

func encoder() []convolution {
	return []convolution{
		{"encoder.0", 128, bins, binStride, 0, 2}, // 4 moments -> 4
		{"encoder.1", 64, 128, 128, 0, 2},         // 4 -> 2
		{"encoder.2", 64, 64, 64, 1, 2},           // 2 -> 1: the tap before sees padding
		{"encoder.3", 128, 64, 64, 1, 1},          // 1 -> 1: so do both outer taps
	}
}

// layout returns the content of weights.bin, as plugins/vad/README.md describes it.
func layout(b branch) ([]byte, error) {
	out, err := spectrum(b)
	if err != nil {
		return nil, err
	}
	for _, c := range encoder() {
		if out, err = c.append(out, b); err != nil {
			return nil, err
		}
	}
	if out, err = appendLSTM(out, b); err != nil {
		return nil, err
	}
	if out, err = appendDecoder(out, b); err != nil {
		return nil, err
	}
	var file []byte
	for _, v := range out {
		file = binary.LittleEndian.AppendUint32(file, math.Float32bits(v))
	}
	return file, nil
}

// append writes a row for each output: for each tap the weights of all inputs. The model has them input by input.
func (c *convolution) append(to []float32, b branch) ([]float32, error) {
	const taps = 3
	weights, err := b.floats(c.name+".reparam_conv.weight", int64(c.out), int64(c.in), taps)
	if err != nil {
		return nil, err
	}
	bias, err := b.floats(c.name+".reparam_conv.bias", int64(c.out))
	if err != nil {
		return nil, err
	}
	for o := range c.out {
		row := make([]float32, roundUp((c.last-c.first+1)*c.stride))
		for tap := c.first; tap <= c.last; tap++ {
			for i := range c.in {
				row[(tap-c.first)*c.stride+i] = weights[(o*c.in+i)*taps+tap]
			}
		}
		to = append(to, row...)
	}
	return append(to, bias...), nil
}

func roundUp(n int) int { return (n + rowUnit - 1) / rowUnit * rowUnit }

// appendLSTM writes the weights of the input and those of the cells' last output as they are: rows by gate (input, forget,
// cell, output) and cell. Both biases are only ever added, so that one is enough.
func appendLSTM(to []float32, b branch) ([]float32, error) {
	const gates = 4 * cells
	var parts [4][]float32
	for i, name := range []string{"weight_ih", "weight_hh", "bias_ih", "bias_hh"} {
		shape := []int64{gates, cells}
		if i >= 2 {
			shape = shape[:1]
		}
		var err error
		if parts[i], err = b.floats("decoder.rnn."+name, shape...); err != nil {
			return nil, err
		}
	}
	to = append(append(to, parts[0]...), parts[1]...)
	for g := range gates {
		to = append(to, float32(float64(parts[2][g])+float64(parts[3][g])))
	}
	return to, nil
}

// appendDecoder writes the weights of the last layer, its bias, and zeros up to 16 bytes.
func appendDecoder(to []float32, b branch) ([]float32, error) {
	weights, err := b.floats("decoder.decoder.2.weight", 1, cells, 1)
	if err != nil {
		return nil, err
	}
	bias, err := b.floats("decoder.decoder.2.bias", 1)
	if err != nil {
		return nil, fmt.Errorf("reading the last layer: %w", err)
	}
	to = append(to, weights...)
	return append(to, bias[0], 0, 0, 0), nil
}
