package main

import "math"

// The reference: the model as its graph says it, operator by operator, in 64-bit floats, without a thought for speed.

// A plane holds channels over time.
type plane [][]float64

// run returns the probability and the next state.
func (n *network) run(x, state []float32) (p float64, next []float64) {
	wave := widen(x)
	for i := range 64 { // the end is mirrored, without the last sample itself
		wave = append(wave, wave[len(x)-2-i])
	}
	features := n.spectrum(wave)
	for i, stride := range []int{1, 2, 2, 1} {
		name := encoder()[i].name + ".reparam_conv"
		features = convolve(features, widen(n.values(name+".weight")), widen(n.values(name+".bias")), stride)
	}
	in := make([]float64, cells)
	for c := range in {
		in[c] = features[c][0]
	}
	next = n.lstm(in, widen(state))
	p = float64(n.values("decoder.decoder.2.bias")[0])
	for c, w := range n.values("decoder.decoder.2.weight") {
		p += float64(w) * max(next[c], 0)
	}
	return sigmoid(p), next
}

func widen(x []float32) []float64 {
	out := make([]float64, len(x), len(x)+64)
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// spectrum is a convolution with the basis, of which rows k and 129 + k are the parts of a complex number.
func (n *network) spectrum(wave []float64) plane {
	rows := n.values("stft.forward_basis_buffer")
	out := make(plane, bins)
	for k := range out {
		for at := 0; at+points <= len(wave); at += points / 2 {
			var re, im float64
			for i := range points {
				re += float64(rows[k*points+i]) * wave[at+i]
				im += float64(rows[(bins+k)*points+i]) * wave[at+i]
			}
			out[k] = append(out[k], math.Hypot(re, im))
		}
	}
	return out
}

// convolve has three taps and one zero of padding at both ends, and ends in a ReLU.
func convolve(x plane, weight, bias []float64, stride int) plane {
	out := make(plane, len(bias))
	for o := range out {
		for middle := 0; middle < len(x[0]); middle += stride {
			sum := bias[o]
			for c := range x {
				for tap := range 3 {
					if at := middle + tap - 1; at >= 0 && at < len(x[c]) {
						sum += weight[(o*len(x)+c)*3+tap] * x[c][at]
					}
				}
			}
			out[o] = append(out[o], max(sum, 0))
		}
	}
	return out
}

func (n *network) lstm(x, state []float64) []float64 {
	w, r := n.values("decoder.rnn.weight_ih"), n.values("decoder.rnn.weight_hh")
	b1, b2 := n.values("decoder.rnn.bias_ih"), n.values("decoder.rnn.bias_hh")
	h, c := state[:cells], state[cells:]
	gates := make([]float64, 4*cells)
	for g := range gates {
		gates[g] = float64(b1[g]) + float64(b2[g])
		for i := range cells {
			gates[g] += float64(w[g*cells+i])*x[i] + float64(r[g*cells+i])*h[i]
		}
	}
	next := make([]float64, 2*cells)
	for i := range cells {
		in, forget, out := sigmoid(gates[i]), sigmoid(gates[cells+i]), sigmoid(gates[3*cells+i])
		next[cells+i] = forget*c[i] + in*math.Tanh(gates[2*cells+i])
		next[i] = out * math.Tanh(next[cells+i])
	}
	return next
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
