package digits_test

import (
	"encoding/binary"
	"math"
	"os"
	"testing"
)

const (
	inputs  = 28 * 28
	hidden1 = 256
	hidden2 = 128
	outputs = 10
	batch   = 32
)

func sizes() [][2]int { return [][2]int{{inputs, hidden1}, {hidden1, hidden2}, {hidden2, outputs}} }

// A reference is the plugin's network in Go, written from README.md and the contracts of sdk/c/nn.h. Every float32
// conversion stands where the guest rounds: without it Go may fuse a product with a sum.
type reference struct{ layers []quantised }

type quantised struct {
	weights     []int8
	inverse     float32
	scale, bias []float32
}

func readReference(t testing.TB) *reference {
	data := readFile(t, weightsFile)
	r := &reference{}
	for _, s := range sizes() {
		l := quantised{weights: make([]int8, s[0]*s[1])}
		for i := range l.weights {
			l.weights[i] = int8(data[i])
		}
		data = data[len(l.weights):]
		r.layers = append(r.layers, l)
	}
	factors := floats(data)
	for i, s := range sizes() {
		l := &r.layers[i]
		l.inverse, l.scale, l.bias = factors[0], factors[1:1+s[1]], factors[1+s[1]:1+2*s[1]]
		factors = factors[1+2*s[1]:]
	}
	if len(factors) != 0 {
		t.Fatalf("%d numbers too many in %s", len(factors), weightsFile)
	}
	return r
}

func (r *reference) predict(x []float32) []float32 {
	for _, l := range r.layers {
		x = l.run(x)
	}
	return softmax(x)
}

func (l *quantised) run(x []float32) []float32 {
	activations, out := make([]int32, len(x)), make([]float32, len(l.bias))
	for i, v := range x {
		activations[i] = int32(math.RoundToEven(float64(min(max(float32(v*l.inverse), 0), 127))))
	}
	for m := range out {
		var sum int32
		for k, a := range activations {
			sum += int32(l.weights[m*len(x)+k]) * a
		}
		out[m] = float32(float32(sum)*l.scale[m]) + l.bias[m]
	}
	return out
}

func softmax(x []float32) []float32 {
	top, sum, out := x[0], float32(0), make([]float32, len(x))
	for _, v := range x {
		top = max(top, v)
	}
	for i, v := range x {
		out[i] = exp(v - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// exp is that of nn.h.
func exp(x float32) float32 {
	x = min(max(x, -87.3), 88.3)
	k := float32(math.RoundToEven(float64(float32(x * 1.44269504))))
	r := x - float32(k*0.693359375)
	r -= float32(k * -2.12194440e-4)
	sum := float32(1.0) / 5040
	for _, c := range []float32{1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1} {
		sum = float32(sum*r) + c
	}
	return sum * math.Float32frombits(uint32(int32(k)+127)<<23)
}

// trained is the network before it was quantised, in float64, for the comparison of accuracies. Its weights lie input by
// input.
func trained(t testing.TB) func(x []float32) []float32 {
	all := floats(readFile(t, "weights.f32.bin"))
	return func(x []float32) []float32 {
		rest := all
		for _, s := range sizes() {
			weights, bias := rest[:s[0]*s[1]], rest[s[0]*s[1]:s[0]*s[1]+s[1]]
			rest = rest[s[0]*s[1]+s[1]:]
			out := make([]float32, s[1])
			for m := range out {
				sum := float64(bias[m])
				for k, v := range x {
					sum += float64(v) * float64(weights[k*s[1]+m])
				}
				if out[m] = float32(sum); s[1] != outputs {
					out[m] = max(out[m], 0)
				}
			}
			x = out
		}
		return softmax(x)
	}
}

func floats(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

func raw(values []float32) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
