package hostile

import (
	"context"
	"testing"

	"bulkhead/runtimes/wasm"
)

// Invalid holds the attacks that are invalid against package wasm and an engine's own check of the untouched original: one
// of them must refuse, before anything is rewritten and whatever imports and exports look like.
func Invalid(t *testing.T, attacks []*Attack, validate func(ctx context.Context, module []byte) error) {
	n := 0
	for _, a := range attacks {
		if !a.Invalid {
			continue
		}
		n++
		if _, err := wasm.Read(a.Wasm); err != nil {
			continue // and never shown to an engine, which may die of it
		}
		if err := validate(t.Context(), a.Wasm); err == nil {
			t.Errorf("%s is valid: %s", a.Name, a.What)
		}
	}
	if t.Logf("%d invalid modules", n); n == 0 {
		t.Error("there are none")
	}
}
