package models

import (
	"encoding/binary"

	"bulkhead/bench/onnx"
)

// A Product is a matrix, kept as weights, times a vector or a matrix of the same side. Its numbers are small integers, so
// that f32 is exact in any order of summation, and all answers are equal to the bit.
type Product struct {
	N    int
	GEMM bool
	Int8 bool
}

// Kernel is its name with guests and in native code.
func (p Product) Kernel() string {
	name := map[bool]string{true: "gemm", false: "gemv"}[p.GEMM]
	return name + map[bool]string{true: "_i8", false: "_f32"}[p.Int8]
}

// weight and value are the numbers: weights from -7 to 7, values from 0 to 15.
func weight(i, j int) int { return (i*31+j*17)%15 - 7 }
func value(i, j int) int  { return (i*13 + j*7) % 16 }

// Weights are the N·N weights, those of one output together, as f32 or int8.
func (p Product) Weights() []byte { return p.fill(p.N, weight) }

// Transposed are the weights with those of one input together.
func (p Product) Transposed() []byte {
	return p.fill(p.N, func(i, j int) int { return weight(j, i) })
}

// Request is the vector, or the matrix of N rows.
func (p Product) Request() []byte { return p.fill(p.rows(), value) }

func (p Product) rows() int {
	if p.GEMM {
		return p.N
	}
	return 1
}

func (p Product) fill(rows int, f func(i, j int) int) (b []byte) {
	for i := range rows {
		for j := range p.N {
			if p.Int8 {
				b = append(b, byte(int8(f(i, j))))
			} else {
				b = append(b, Bytes([]float32{float32(f(i, j))})...)
			}
		}
	}
	return b
}

// Answer is what everybody must answer: f32, or i32 where the factors are int8.
func (p Product) Answer() (b []byte) {
	for r := range p.rows() {
		for i := range p.N {
			sum := 0
			for j := range p.N {
				sum += weight(i, j) * value(r, j)
			}
			if p.Int8 {
				b = binary.LittleEndian.AppendUint32(b, uint32(int32(sum)))
			} else {
				b = append(b, Bytes([]float32{float32(sum)})...)
			}
		}
	}
	return b
}

// ONNX is the product as a file: the request times the transposed weights.
func (p Product) ONNX() (model []byte, in, out onnx.Value) {
	op, request, weights, answer := "MatMul", onnx.Float, onnx.Float, onnx.Float
	if p.Int8 {
		op, request, weights, answer = "MatMulInteger", onnx.Uint8, onnx.Int8, onnx.Int32
	}
	in = onnx.Value{Name: "x", Type: request, Shape: []int{p.rows(), p.N}}
	out = onnx.Value{Name: "y", Type: answer, Shape: []int{p.rows(), p.N}}
	g := onnx.Graph{
		Name: p.Kernel(), Inputs: []onnx.Value{in}, Outputs: []onnx.Value{out},
		Weights: []onnx.Tensor{{Name: "w", Type: weights, Shape: []int{p.N, p.N}, Bytes: p.Transposed()}},
		Nodes:   []onnx.Node{{Op: op, In: []string{"x", "w"}, Out: []string{"y"}}},
	}
	return g.Bytes(), in, out
}

// Identity answers its n floats.
func Identity(n int) (model []byte, in, out onnx.Value) {
	in = onnx.Value{Name: "x", Type: onnx.Float, Shape: []int{n}}
	out = onnx.Value{Name: "y", Type: onnx.Float, Shape: []int{n}}
	g := onnx.Graph{
		Name: "identity", Inputs: []onnx.Value{in}, Outputs: []onnx.Value{out},
		Nodes: []onnx.Node{{Op: "Identity", In: []string{"x"}, Out: []string{"y"}}},
	}
	return g.Bytes(), in, out
}
