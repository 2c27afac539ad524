package digits_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wazero"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/sandbox"
)

const weightsFile = "weights.i8.bin"

// A variant is one of the committed modules on a backend that runs it.
type variant struct {
	name, file string
	open       func() runtimes.Backend
	relaxed    bool
}

func onWazero() variant { return variant{"wazero", "digits.wasm", wazero.New, false} }

func (v variant) machine(t testing.TB) sdktest.Machine {
	return sandbox.New(t, sandbox.Config{Backend: v.open(), Wasm: readFile(t, v.file), RelaxedSIMD: v.relaxed})
}

func (v variant) plugin(t testing.TB) *sdktest.Plugin {
	return sdktest.New(t, sdktest.Config{Assets: [][]byte{readFile(t, weightsFile)}}, v.machine(t))
}

// each runs f with the plugin in every variant.
func each(t *testing.T, f func(t *testing.T, p *sdktest.Plugin)) {
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) { f(t, v.plugin(t)) })
	}
}

// A picture is one held-out digit. Training has never seen it.
type picture struct {
	label  byte
	pixels []byte
}

// readHeldOut reads testdata/heldout.bin.gz: gzip over records of a label byte and 784 pixel bytes.
func readHeldOut(t testing.TB) []picture {
	z, err := gzip.NewReader(bytes.NewReader(readFile(t, "testdata/heldout.bin.gz")))
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
func tensor(pixels []byte) []float32 {
	x := make([]float32, len(pixels))
	for i, v := range pixels {
		x[i] = float32(v) / 255
	}
	return x
}

// read returns the likeliest digit of an output tensor p.
func read(t testing.TB, p []float32) (digit byte, confidence float32) {
	t.Helper()
	sum := float32(0)
	for i, v := range p {
		if sum += v; v > confidence {
			digit, confidence = byte(i), v
		}
	}
	if len(p) != outputs || !(sum > 1-1e-5 && sum < 1+1e-5) {
		t.Fatalf("%d probabilities with the sum %v, want %d and 1", len(p), sum, outputs)
	}
	return digit, confidence
}
