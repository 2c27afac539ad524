package main

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wazero"
)

// The whole way from an ONNX file to the plugin's answer: with weights of chance, and the state carried from frame to frame,
// the plugin says what the model's graph says.
func TestNetwork(t *testing.T) {
	for seed := range uint64(3) {
		n := newNetwork(seed)
		content, err := weights(n.file())
		if err != nil {
			t.Fatal(err)
		}
		plugin := load(t, content)
		random := rand.New(rand.NewPCG(seed, 1))
		x, state := make([]float32, 576), make([]float32, 2*cells)
		for frame := range 10 {
			loud := random.Float64()
			for i := range x {
				x[i] = float32(loud * (2*random.Float64() - 1))
			}
			p, next := n.run(x, state)
			answer, err := plugin.Call(t.Context(), nil, encode(x, state))
			if err != nil || len(answer) != 4*(1+len(state)) {
				t.Fatalf("%d bytes, %v", len(answer), err)
			}
			got := decode(answer)
			near32(t, frame, "the probability", got[0], p)
			for i, v := range got[1:] {
				near32(t, frame, "the state", v, next[i])
			}
			state = got[1:]
		}
	}
}

func near32(t *testing.T, frame int, what string, got float32, want float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) < 2e-5) {
		t.Fatalf("frame %d: %s is %v, want %v", frame, what, got, want)
	}
}

func load(t *testing.T, weights []byte) runtimes.Module {
	t.Helper()
	module, err := os.ReadFile("../vad.wasm")
	if err != nil {
		t.Fatal(err)
	}
	b := wazero.New()
	t.Cleanup(func() { b.Close(context.WithoutCancel(t.Context())) })
	m, err := b.Load(t.Context(), runtimes.Program{
		Name: "vad", Wasm: module, Assets: [][]byte{weights}, Host: noHost{},
		Limits: runtimes.Limits{Memory: 4 << 20, Timeout: time.Minute, Fuel: 100_000_000, Instances: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(context.WithoutCancel(t.Context())) })
	return m
}

// A noHost has nothing: a model needs no capability.
type noHost struct{}

// Capability implements runtimes.Host.
func (noHost) Capability(context.Context, abi.Capability, uint32, []byte, []byte) ([]byte, error) {
	return nil, abi.ErrDenied
}

func encode(parts ...[]float32) (out []byte) {
	for _, part := range parts {
		for _, v := range part {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out
}

func decode(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}
