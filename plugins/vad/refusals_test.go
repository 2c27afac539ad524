package vad

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"bulkhead/runtimes"
)

const weightsSize = 899_600

func float(v float64) []byte { return bytesOf([]float32{float32(v)}) }

// with returns b with v as value i.
func with(b []byte, i int, v float64) []byte {
	out := bytes.Clone(b)
	copy(out[4*i:], float(v))
	return out
}

// refused reports whether err is the plugin's own refusal, about that.
func refused(err error, about string) bool {
	var own *runtimes.GuestError
	return errors.As(err, &own) && strings.Contains(own.Text, about)
}

func TestRequests(t *testing.T) {
	silence := make([]byte, requestSize)
	const output, content = contextSize + frameSize, contextSize + frameSize + stateSize/2
	const tooLong = "longer than the input buffer"
	denormal := math.Float32frombits(1)
	for _, v := range variants() {
		m := v.mustLoad(t, make([]byte, weightsSize))
		for _, c := range []struct {
			name    string
			in      []byte
			refusal string
		}{
			{"silence", silence, ""},
			{"loud", with(with(silence, 0, 1), output-1, -1), ""},
			{"a value next to 0", with(silence, 3, float64(denormal)), ""},
			{"a full cell", with(silence, content+127, math.MaxFloat32/2), ""},
			{"nothing", nil, "the input has 0 bytes"},
			{"a byte short", silence[1:], "the input has 3327 bytes"},
			{"a byte long", append(bytes.Clone(silence), 0), "the input has 3329 bytes"},
			{"half a state more", append(bytes.Clone(silence), silence[:512]...), "the input has 3840 bytes"},
			{"two frames", append(bytes.Clone(silence), silence...), tooLong},
			{"a megabyte", make([]byte, 1<<20), tooLong},
			{"too loud", with(silence, output-1, 1.0001), "value 575 of x"},
			{"too loud below", with(silence, 0, -1.0001), "value 0 of x"},
			{"NaN", with(silence, 1, math.NaN()), "value 1 of x"},
			{"infinity", with(silence, 2, math.Inf(1)), "value 2 of x"},
			{"NaN in the context", with(silence, 63, math.NaN()), "value 63 of x"},
			{"an output of NaN", with(silence, output, math.NaN()), "value 0 of the state"},
			{"an output above 1", with(silence, content-1, 1.5), "value 127 of the state"},
			{"a content of NaN", with(silence, content, math.NaN()), "value 128 of the state is not finite"},
			{"a content of infinity", with(silence, content+127, math.Inf(-1)), "value 255 of the state is not finite"},
		} {
			answer, err := m.Call(t.Context(), nil, c.in)
			switch {
			case c.refusal == tooLong:
				if !errors.Is(err, runtimes.ErrLimit) {
					t.Errorf("%s, %s: got %v, want a limit", v.name, c.name, err)
				}
			case c.refusal != "":
				if !refused(err, c.refusal) {
					t.Errorf("%s, %s: got %v, want a refusal about %q", v.name, c.name, err, c.refusal)
				}
			case err != nil || len(answer) != answerSize:
				t.Errorf("%s, %s: %d bytes, %v", v.name, c.name, len(answer), err)
			}
		}
	}
}

// Without weights the network says 0.5 to everything, and keeps no state.
func TestZeroWeights(t *testing.T) {
	for _, v := range variants() {
		answer, err := v.mustLoad(t, make([]byte, weightsSize)).Call(t.Context(), nil, make([]byte, requestSize))
		if want := append(float(0.5), make([]byte, 4*stateSize)...); err != nil || !bytes.Equal(answer, want) {
			t.Errorf("%s: got %x, %v", v.name, answer, err)
		}
	}
}

func TestWeights(t *testing.T) {
	zeros := make([]byte, weightsSize)
	for _, v := range variants() {
		for _, c := range []struct {
			name    string
			weights []byte
			refusal string
		}{
			{"the largest", with(zeros, 1234, -100), ""},
			{"none", nil, "the weights are missing"},
			{"too few", zeros[4:], "the weights have 899596 bytes"},
			{"too many", append(bytes.Clone(zeros), 0, 0, 0, 0), "the weights have 899604 bytes"},
			{"NaN at the end", with(zeros, weightsSize/4-1, math.NaN()), "weight 224899"},
			{"infinity at the start", with(zeros, 0, math.Inf(1)), "weight 0 "},
			{"too large", with(zeros, weightsSize/8, 100.01), "weight 112450"},
		} {
			_, err := v.load(t, c.weights)
			if c.refusal == "" && err != nil || c.refusal != "" && !refused(err, c.refusal) {
				t.Errorf("%s, %s: got %v, want a refusal about %q", v.name, c.name, err, c.refusal)
			}
		}
	}
}

func TestConfig(t *testing.T) {
	for _, v := range variants() {
		b := v.backend()
		defer b.Close(t.Context())
		p := v.program(t, make([]byte, weightsSize))
		p.Config = []byte(`{"threshold":0.5}`)
		if _, err := b.Load(t.Context(), p); !refused(err, "no config") {
			t.Errorf("%s: got %v", v.name, err)
		}
	}
}

// The golden frame needs no weights to be looked at: it has the size of the tensors.
func TestSelfTestFiles(t *testing.T) {
	for name, size := range map[string]int{"testdata/frame.f32": requestSize, "testdata/frame.out.f32": answerSize} {
		if content := read(t, name); len(content) != size || binary.LittleEndian.Uint32(content) == 0 {
			t.Errorf("%s has %d bytes, want %d", name, len(content), size)
		}
	}
}
