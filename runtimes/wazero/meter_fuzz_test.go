package wazero

import (
	"testing"

	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/runtimetest/hostile"
	"bulkhead/runtimes/wasm"
)

// FuzzMeter: what package wasm reads and an engine finds valid can be metered, and is valid afterwards.
func FuzzMeter(f *testing.F) {
	for _, module := range runtimetest.Seeds() {
		f.Add(module)
	}
	for _, a := range hostile.Generated() {
		if len(a.Wasm) < 4096 {
			f.Add(a.Wasm)
		}
	}
	f.Fuzz(func(t *testing.T, module []byte) {
		o, err := wasm.Read(module)
		if err != nil || (engine{}).Validate(t.Context(), module) != nil {
			return
		}
		m, err := wasm.Meter(module, o, wasm.MeterConfig{Pages: 16})
		if err != nil {
			t.Fatalf("metering a valid module: %v", err)
		}
		if err := (engine{}).Validate(t.Context(), m.Wasm); err != nil {
			t.Errorf("invalid after metering: %v", err)
		}
	})
}
