package hostile_test

import (
	"context"
	"testing"
	"time"

	"bulkhead/runtimes"
	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/runtimetest/hostile"
	"bulkhead/runtimes/wazero"
)

// TestDamage cuts small plugins short at every byte, and flips every bit, in a short run every 31st. What still loads
// may do anything that a guest may do, and nothing else.
func TestDamage(t *testing.T) {
	backend := wazero.New()
	defer backend.Close(context.Background())
	step := 1
	if testing.Short() {
		step = 31
	}
	count := map[hostile.Outcome]int{}
	for _, module := range runtimetest.Seeds() {
		if len(module) > 150 || len(module) < 60 {
			continue
		}
		for n := range module {
			count[try(t, backend, module[:n])]++
		}
		for bit := 0; bit < 8*len(module); bit += step {
			damaged := append([]byte(nil), module...)
			damaged[bit/8] ^= 1 << (bit % 8)
			count[try(t, backend, damaged)]++
		}
	}
	if t.Log(count); count[hostile.OK] < 10 || count[hostile.Refused] < 1000 {
		t.Error("the damage was too little or too much")
	}
}

func try(t *testing.T, b runtimes.Backend, module []byte) hostile.Outcome {
	a := hostile.Attack{Name: "damaged", Wasm: module, Limits: runtimes.Limits{Memory: 1 << 20, Timeout: time.Second, Fuel: 100_000}}
	o, err := a.Once(b, []byte("request"))
	if o == hostile.Failed || o == hostile.Died {
		t.Errorf("%x: %v", module, err)
	}
	return o
}
