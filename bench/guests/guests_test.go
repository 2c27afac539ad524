package guests_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/bench/guests"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wazero"
)

type noHost struct{}

func (noHost) Capability(_ context.Context, c abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
	time.Sleep(time.Millisecond)
	return dst, nil
}

func load(t *testing.T, guest []byte, timeout time.Duration) runtimes.Module {
	t.Helper()
	m, err := wazero.New().Load(t.Context(), runtimes.Program{Name: "guest", Wasm: guest, Host: noHost{}, Grants: abi.GrantsOf(abi.Audit), Limits: runtimes.Limits{
		Memory: 128 << 20, Timeout: timeout, Fuel: runtimes.MaxFuel}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(context.Background()) })
	return m
}

// Every guest does what its name says.
func TestAnswers(t *testing.T) {
	request := bytes.Repeat([]byte("x"), 64)
	for name, tt := range map[string]struct{ guest, want []byte }{
		"empty":  {guests.Empty(), nil},
		"echo":   {guests.Echo(1), request},
		"echo 3": {guests.Echo(3), request},
		"says":   {guests.Says("yes"), []byte("yes")},
		"host":   {guests.HostCalls(), nil},
		"loop":   {guests.Loop(), binary.LittleEndian.AppendUint64(nil, xorshift(guests.LoopRounds))},
		"tree":   {guests.Tree(), binary.LittleEndian.AppendUint32(nil, 2584)},
		"scalar": {guests.Scalar(), firstRow()},
		"vector": {guests.Vector(), firstRow()},
	} {
		answer, err := load(t, tt.guest, time.Minute).Call(t.Context(), nil, request)
		if err != nil || !bytes.Equal(answer, tt.want) {
			t.Errorf("%s: answer % x, want % x: %v", name, answer, tt.want, err)
		}
	}
}

func xorshift(rounds int) uint64 {
	x := uint64(1)
	for range rounds {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

func firstRow() (out []byte) {
	a, b := guests.Matrices()
	for j := range guests.Side {
		var sum float32
		for k := range guests.Side {
			sum += a[k] * b[k*guests.Side+j]
		}
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(sum))
	}
	return out
}

// What is endless is ended by nothing but its limit.
func TestEndless(t *testing.T) {
	for _, e := range guests.Endlesses() {
		m := load(t, e.Plugin, 50*time.Millisecond)
		if _, err := m.Call(t.Context(), nil, nil); !errors.Is(err, runtimes.ErrLimit) {
			t.Errorf("%s: %v, want ErrLimit", e.Name, err)
		}
	}
}
