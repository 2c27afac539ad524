package vad

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wazero"
)

const (
	contextSize = 64
	frameSize   = 512
	stateSize   = 2 * 1 * 128

	requestSize = 4 * (contextSize + frameSize + stateSize)
	answerSize  = 4 * (1 + stateSize)
)

// A variant is one of the two modules of the bundle on a backend that runs it.
type variant struct {
	name, file string
	backend    func() runtimes.Backend
	relaxed    bool
}

func onWazero() variant { return variant{"wazero", "vad.wasm", wazero.New, false} }

// load loads a variant with these weights, as a host would.
func (v *variant) load(t testing.TB, weights []byte) (runtimes.Module, error) {
	b := v.backend()
	t.Cleanup(func() { b.Close(context.WithoutCancel(t.Context())) })
	m, err := b.Load(t.Context(), v.program(t, weights))
	if err == nil {
		t.Cleanup(func() { m.Close(context.WithoutCancel(t.Context())) })
	}
	return m, err
}

func (v *variant) program(t testing.TB, weights []byte) runtimes.Program {
	p := runtimes.Program{
		Name: "vad", Wasm: read(t, v.file), Host: noHost{}, RelaxedSIMD: v.relaxed,
		Limits: runtimes.Limits{Memory: 4 << 20, Timeout: time.Minute, Fuel: 100_000_000, Instances: 1},
	}
	if weights != nil {
		p.Assets = [][]byte{weights}
	}
	return p
}

func (v *variant) mustLoad(t testing.TB, weights []byte) runtimes.Module {
	t.Helper()
	m, err := v.load(t, weights)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func bytesOf(x []float32) []byte {
	var out []byte
	for _, v := range x {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

// A noHost has nothing: a model needs no capability.
type noHost struct{}

// Capability implements runtimes.Host.
func (noHost) Capability(context.Context, abi.Capability, uint32, []byte, []byte) ([]byte, error) {
	return nil, abi.ErrDenied
}
