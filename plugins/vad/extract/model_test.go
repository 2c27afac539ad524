package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// A message is a protobuf message in the making.
type message []byte

func (m message) tag(number, kind int) message {
	return binary.AppendUvarint(m, uint64(number)<<3|uint64(kind))
}

// raw appends a number without a tag, as a length that nothing follows.
func (m message) raw(v uint64) message { return binary.AppendUvarint(m, v) }

func (m message) number(number int, v uint64) message {
	return binary.AppendUvarint(m.tag(number, varint), v)
}

func (m message) bytes(number int, b []byte) message {
	return append(binary.AppendUvarint(m.tag(number, delimited), uint64(len(b))), b...)
}

func (m message) text(number int, s string) message { return m.bytes(number, []byte(s)) }

func tensorOf(name string, values []float32, shape ...int64) message {
	var m message
	for _, n := range shape {
		m = m.number(1, uint64(n))
	}
	return m.numbers(name, kindFloat, values)
}

// numbers appends what a tensor has beside its shape.
func (m message) numbers(name string, kind uint64, values []float32) message {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return m.number(2, kind).text(8, name).bytes(9, raw)
}

func integerTensor(v uint64) message { return message{}.number(2, kindInt64).number(7, v) }

func constant(output string, value message) message {
	return message{}.text(2, output).text(4, "Constant").bytes(5, message{}.text(1, "value").bytes(5, value))
}

// A parameter is a tensor of the model, with its numbers.
type parameter struct {
	name   string
	shape  []int64
	values []float32
	kind   uint64
}

func (p *parameter) tensor(packed bool) message {
	var one, all message
	for _, n := range p.shape {
		one, all = one.number(1, uint64(n)), all.raw(uint64(n))
	}
	if packed {
		one = message{}.bytes(1, all)
	}
	return one.numbers(p.name, p.kind, p.values)
}

// A network is a model of Silero's form with weights of chance: the tensors of its 16 kHz branch.
type network struct {
	parameters []parameter
	packed     bool // the shapes of tensors are packed fields, the other form that writers use
}

func newNetwork(seed uint64) *network {
	random := rand.New(rand.NewPCG(seed, 0))
	n := &network{}
	n.add("stft.forward_basis_buffer", basis(), 2*bins, 1, points)
	for _, c := range encoder() {
		n.chance(random, c.name+".reparam_conv.weight", int64(c.out), int64(c.in), 3)
		n.chance(random, c.name+".reparam_conv.bias", int64(c.out))
	}
	n.chance(random, "decoder.rnn.weight_ih", 4*cells, cells)
	n.chance(random, "decoder.rnn.weight_hh", 4*cells, cells)
	n.chance(random, "decoder.rnn.bias_ih", 4*cells)
	n.chance(random, "decoder.rnn.bias_hh", 4*cells)
	n.chance(random, "decoder.decoder.2.weight", 1, cells, 1)
	n.chance(random, "decoder.decoder.2.bias", 1)
	return n
}

func (n *network) add(name string, values []float32, shape ...int64) {
	n.parameters = append(n.parameters, parameter{name, shape, values, kindFloat})
}

func (n *network) chance(random *rand.Rand, name string, shape ...int64) {
	count, inputs := int64(1), int64(1)
	for i, d := range shape {
		count *= d
		if i > 0 {
			inputs *= d
		}
	}
	values := make([]float32, count)
	for i := range values {
		values[i] = float32(random.NormFloat64() * 1.5 / math.Sqrt(float64(inputs)))
	}
	n.add(name, values, shape...)
}

func (n *network) values(name string) []float32 {
	for _, p := range n.parameters {
		if p.name == name {
			return p.values
		}
	}
	panic(name)
}

// basis is the Fourier transform under a Hann window, as rows of a convolution.
func basis() []float32 {
	out := make([]float32, 2*bins*points)
	for k := range bins {
		for i := range points {
			window := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/points)
			sin, cos := math.Sincos(2 * math.Pi * float64(k*i) / points)
			out[k*points+i], out[(bins+k)*points+i] = float32(window*cos), float32(-window*sin)
		}
	}
	return out
}

// branchGraph is the graph of one sample rate, with every tensor in a Constant, and a node that is none.
func (n *network) branchGraph() message {
	graph := message{}.bytes(1, message{}.text(1, "input").text(2, "padded").text(4, "Pad"))
	for _, p := range n.parameters {
		graph = graph.bytes(1, constant("inline."+p.name, p.tensor(n.packed)))
	}
	return graph
}

// file is a ModelProto as the real one: If(Equal(sr, 16000)) with the branch behind it.
func (n *network) file() []byte { return modelOf(sampleRate, n.branchGraph()) }

func modelOf(hertz uint64, then message) []byte {
	return graphOf(rate(hertz), equal("sr"), message{}.text(1, "is16k").text(4, "If").
		bytes(5, message{}.text(1, "else_branch").bytes(6, message{})).
		bytes(5, message{}.text(1, "then_branch").bytes(6, then)))
}

// onInput is a model whose If asks for another input.
func onInput(name string) []byte {
	return graphOf(rate(sampleRate), equal(name), message{}.text(1, "is16k").text(4, "If"))
}

func rate(hertz uint64) message { return constant("rate", integerTensor(hertz)) }

func equal(input string) message {
	return message{}.text(1, input).text(1, "rate").text(2, "is16k").text(4, "Equal")
}

// graphOf is a ModelProto with these nodes.
func graphOf(nodes ...message) []byte {
	var graph message
	for _, n := range nodes {
		graph = graph.bytes(1, n)
	}
	return message{}.number(1, 8).text(2, "test").bytes(7, graph)
}
