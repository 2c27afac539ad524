package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/both"
)

// A picture is one held-out digit. Training has never seen it.
type picture struct {
	label  byte
	pixels []byte
}

// readHeldOut reads testdata/heldout.bin.gz: gzip over records of a label byte and 784 pixel bytes.
func readHeldOut(t testing.TB) []picture {
	f, err := os.Open("testdata/heldout.bin.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) != 2000*(1+inputs) {
		t.Fatalf("%d bytes of held-out digits, want 2,000 records", len(data))
	}
	var all []picture
	for ; len(data) > 0; data = data[1+inputs:] {
		all = append(all, picture{data[0], data[1 : 1+inputs]})
	}
	return all
}

// tensor returns the pixels as the input tensor x.
func tensor(pixels []byte) []byte {
	var x []byte
	for _, v := range pixels {
		x = binary.LittleEndian.AppendUint32(x, math.Float32bits(float32(v)/255))
	}
	return x
}

func readWeights(t testing.TB) []byte {
	weights, err := os.ReadFile("weights.bin")
	if err != nil {
		t.Fatal(err)
	}
	return weights
}

func readModel(t testing.TB) *model {
	m, err := newModel(readWeights(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func config(t testing.TB) sdktest.Config { return sdktest.Config{Assets: [][]byte{readWeights(t)}} }

func read(t testing.TB, p []byte) (digit byte, confidence float32) {
	sum := float32(0)
	for i := range outputs {
		v := math.Float32frombits(binary.LittleEndian.Uint32(p[4*i:]))
		if sum += v; v > confidence {
			digit, confidence = byte(i), v
		}
	}
	if len(p) != 4*outputs || !(math.Abs(float64(sum)-1) < 1e-5) {
		t.Fatalf("%d bytes of probabilities with the sum %v, want %d and 1", len(p), sum, 4*outputs)
	}
	return digit, confidence
}

// README.md states the accuracy that this test measures.
func TestAccuracy(t *testing.T) {
	m, right := readModel(t), 0
	all := readHeldOut(t)
	for _, d := range all {
		p, err := m.predict(tensor(d.pixels))
		if err != nil {
			t.Fatal(err)
		}
		if digit, _ := read(t, p); digit == d.label {
			right++
		}
	}
	t.Logf("%d of %d held-out digits right", right, len(all))
	if right*100 < 97*len(all) {
		t.Errorf("%d of %d held-out digits right, want 97 %%", right, len(all))
	}
}

// The answer is the same to the last bit in the sandbox as natively.
func TestSameBits(t *testing.T) {
	m, all := readModel(t), readHeldOut(t)[:100]
	both.Run(t, config(t), func(t *testing.T, p *sdktest.Plugin) {
		for i, d := range all {
			want, err := m.predict(tensor(d.pixels))
			if err != nil {
				t.Fatal(err)
			}
			want = bytes.Clone(want)
			got, err := p.Model(tensor(d.pixels))
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("digit %d: got %x, %v; want %x", i, got, err, want)
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	value := func(v float32) []byte {
		x := tensor(make([]byte, inputs))
		binary.LittleEndian.PutUint32(x[4*5:], math.Float32bits(v))
		return x
	}
	cases := []struct {
		name    string
		in      []byte
		refusal string
	}{
		{"black", value(0), ""},
		{"negative zero", value(float32(math.Copysign(0, -1))), ""},
		{"white", value(1), ""},
		{"too bright", value(1.0001), "value 5 of x"},
		{"negative", value(-1e-9), "value 5 of x"},
		{"NaN", value(float32(math.NaN())), "value 5 of x"},
		{"infinity", value(float32(math.Inf(1))), "value 5 of x"},
		{"empty", nil, "the input has 0 bytes"},
		{"a byte short", value(0)[1:], "the input has 3135 bytes"},
		{"a byte long", append(value(0), 0), "the input has 3137 bytes"},
	}
	both.Run(t, config(t), func(t *testing.T, p *sdktest.Plugin) {
		for _, c := range cases {
			out, err := p.Model(c.in)
			switch {
			case c.refusal == "" && err != nil:
				t.Errorf("%s: %v", c.name, err)
			case c.refusal == "":
				read(t, out)
			case err == nil || !strings.Contains(err.Error(), c.refusal):
				t.Errorf("%s: got %v, want an error about %q", c.name, err, c.refusal)
			}
		}
	})
}

func TestConfigure(t *testing.T) {
	good := readWeights(t)
	bad := func(v float32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[4*7:], math.Float32bits(v))
		return b
	}
	cases := []struct {
		name    string
		assets  [][]byte
		config  string
		refusal string
	}{
		{"good", [][]byte{good}, `{}`, ""},
		{"with config", [][]byte{good}, `{"x":1}`, "no config"},
		{"no weights", nil, `{}`, "not found"},
		{"short", [][]byte{good[4:]}, `{}`, "bytes"},
		{"NaN", [][]byte{bad(float32(math.NaN()))}, `{}`, "weight 7"},
		{"infinity", [][]byte{bad(float32(math.Inf(-1)))}, `{}`, "weight 7"},
		{"huge", [][]byte{bad(101)}, `{}`, "weight 7"},
	}
	// Natively only: loading a guest takes the sandbox a second or so, for each of these.
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			sdktest.Run(t, sdktest.Config{Assets: c.assets}, func(t *testing.T, p *sdktest.Plugin) {
				err := p.Configure(c.config)
				if c.refusal == "" && err != nil || c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)) {
					t.Errorf("got %v, want an error about %q", err, c.refusal)
				}
			})
		})
	}
}

// A call takes no memory, so that a kept instance needs no collector.
func TestNoAllocations(t *testing.T) {
	m, x := readModel(t), tensor(readHeldOut(t)[0].pixels)
	if n := testing.AllocsPerRun(10, func() { m.predict(x) }); n != 0 {
		t.Errorf("%v allocations in a call, want none", n)
	}
}

func TestExp(t *testing.T) {
	for x := 0.0; x > -700; x -= 0.37 {
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-10*want {
			t.Fatalf("exp(%v) = %v, want %v", x, got, want)
		}
	}
	if got := exp(-1e30); got != 0 {
		t.Errorf("exp(-1e30) = %v, want 0", got)
	}
}

func BenchmarkPredict(b *testing.B) {
	m, x := readModel(b), tensor(readHeldOut(b)[0].pixels)
	for b.Loop() {
		m.predict(x)
	}
}
