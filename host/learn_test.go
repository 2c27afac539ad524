package main

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/host/bundle"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wazero"
)

// A plugin of the Go SDK has seen its messages' types before the snapshot, and has room for the garbage of a call: calls are
// cheap, and none costs an instance.
func TestGoPluginsKeepTheirInstance(t *testing.T) {
	folder, err := quickstart()
	if err != nil {
		t.Fatal(err)
	}
	u, err := bundle.Inspect(filepath.Join(folder, "bundles/policy-abac"))
	if err != nil {
		t.Fatal(err)
	}
	backend := wazero.New()
	defer backend.Close(t.Context())
	m, err := backend.Load(t.Context(), runtimes.Program{
		Name: "abac", Wasm: u.Wasm, WASI: true, Host: nobody{},
		Config: []byte(`{"rules":[{"name":"all","effect":"allow","principals":["*"],"actions":["*"],"resources":["*"]}]}`),
		Limits: runtimes.Limits{Memory: 32 << 20, Timeout: 10 * time.Second, Fuel: 1e12, Instances: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(t.Context())
	request := []byte(`{"principal":{"id":"alice","expires":"2026-08-19T13:00:00Z"},"action":"tools/call","resource":"label","arguments":{},
		"transport":"stdio","peer":"","device":{"name":"d","zone":"z"},"now":"2026-08-19T12:00:00Z","clock":"trusted","phase":"before"}`)
	for range 5 {
		var u runtimes.Usage
		answer, err := runtimes.Measure(t.Context(), m, nil, request, &u)
		if err != nil || string(answer) != `{"decision":"allow","reason":"rule all allows"}` {
			t.Fatalf("%s, %v", answer, err)
		}
		if u.Fuel > 25e6 {
			t.Errorf("%d units of fuel", u.Fuel)
		}
	}
	if s := m.(runtimes.Reporter).Status(); s.Replaced > 0 {
		t.Errorf("%d instances were lost", s.Replaced)
	}
}

// nobody grants nothing.
type nobody struct{}

// Capability implements runtimes.Host.
func (nobody) Capability(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
	return dst, abi.ErrDenied
}
