package wazero

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

type nobody struct{}

func (nobody) Capability(context.Context, abi.Capability, uint32, []byte, []byte) ([]byte, error) {
	return nil, abi.ErrUnavailable
}

// A frame can hold far more values than its function has instructions: a call makes 64 of them in two bytes. What the
// recursion used of its fuel says how deep it came.
func TestFramesOfManyValues(t *testing.T) {
	const calls, values = 200, wasm.MaxValues
	many := strings.Repeat("I", values)
	m := &w.Module{}
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(1024)))
	load := slices.Concat(w.I32(0), w.Load64(0)) // no constant, which would not be kept
	make64 := m.Func(wasm.Signature("", many), 0, slices.Repeat(load, values))
	take64 := m.Func(wasm.Signature(many, ""), 0)
	deeper := take64 + 1
	m.Func(wasm.Signature("", ""), 0, slices.Repeat(w.Call(make64), calls), w.Call(deeper), slices.Repeat(w.Call(take64), calls))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 0, w.Call(deeper), w.I64(0)))
	limits := runtimes.Limits{Memory: 1 << 16, Timeout: 10 * time.Second, Fuel: runtimes.MaxFuel / 16, Instances: 1}
	l, err := New().Load(t.Context(), runtimes.Program{Name: "frames", Wasm: m.Bytes(), Host: nobody{}, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	var u runtimes.Usage
	if _, err = l.(runtimes.Meter).Measure(t.Context(), nil, nil, &u); !errors.Is(err, runtimes.ErrLimit) {
		t.Errorf("error %v", err)
	}
	const frame = calls * (4 + 3*values) // units on the way down, at least
	if deepest := uint64(wasm.StackBudget / (calls * values)); u.Fuel/frame > deepest {
		t.Errorf("%d units are %d frames, at most %d fit", u.Fuel, u.Fuel/frame, deepest)
	}
}
