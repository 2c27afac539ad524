//go:build wasmtime

package wasmtime

import (
	"context"
	"errors"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// forever is a metered module whose f never ends.
func forever(t *testing.T) []byte {
	t.Helper()
	m := &w.Module{}
	m.Memory(1, 1)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export("f", wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, w.Loop(w.Br(0))))
	o, err := wasm.Read(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	metered, err := wasm.Meter(m.Bytes(), o, wasm.MeterConfig{Pages: 1})
	if err != nil {
		t.Fatal(err)
	}
	return metered.Wasm
}

// The engine gives slices itself, but not one over the total, and not for longer than a few milliseconds without a look of Go.
func TestRefuel(t *testing.T) {
	enough := errors.New("enough")
	for _, total := range []uint64{guest.Slice, 2*guest.Slice - 1, 2 * guest.Slice, 1_000_000, 1_000_000_000} {
		var fuel *guest.Fuel
		var looks []time.Time
		yield := func(_ context.Context, stack []uint64) error {
			looks = append(looks, time.Now())
			used := fuel.Given - stack[0]
			if used+guest.Slice > fuel.Total {
				return enough
			}
			fuel.Given, stack[0] = used+guest.Slice, guest.Slice
			return nil
		}
		i := instantiate(t, compile(t, judge(), forever(t), []guest.Import{
			{Module: wasm.YieldModule, Name: wasm.YieldName, Type: wasm.Signature("I", "I"), Func: yield},
		}, nil))
		fuel = i.Fuel()
		fuel.Given, fuel.Total = guest.Slice, total
		i.Global(wasm.ExportFuel).Set(guest.Slice)
		i.Global(wasm.ExportStack).Set(wasm.StackBudget)
		start := time.Now()
		if err := i.Export("f")(t.Context(), nil); err != enough {
			t.Fatal(err)
		}
		if fuel.Given > total || fuel.Given+guest.Slice < total {
			t.Errorf("of %d units, %d were given", total, fuel.Given)
		}
		took := time.Since(start)
		if most := 1 + int(took/(lookTime/2)); len(looks) > most {
			t.Errorf("%d looks in %v, at most %d", len(looks), took, most)
		}
		if long := total == 1_000_000_000; long && len(looks) < 3 {
			t.Errorf("%d looks in %v", len(looks), took)
		}
	}
}

const lookTime = 5 * time.Millisecond // BH_LOOK
