package guest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
	"bulkhead/runtimes/wazero"
)

type hostFunc func(c abi.Capability, in []byte) ([]byte, error)

func (f hostFunc) Capability(_ context.Context, c abi.Capability, _ uint32, _, in []byte) ([]byte, error) {
	return f(c, in)
}

// speaker logs a line with a bad pointer when it starts; then in each call a good one and a bad one, and audits.
func speaker() []byte {
	m := &w.Module{}
	log, audit := m.Import(abi.Module, "log", wasm.Signature("iii", "")), m.Import(abi.Module, "audit", wasm.Signature("ii", "i"))
	m.Memory(1, 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInitialize, wasm.KindFunc, m.Func(wasm.Signature("", ""), 0, w.I32(1), w.I32(0xffffffff), w.I32(1), w.Call(log)))
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(8)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 0,
		w.I32(1), w.I32(0), w.I32(1), w.Call(log), w.I32(1), w.I32(0xffffffff), w.I32(1), w.Call(log),
		w.I32(0), w.I32(2), w.Call(audit), w.Do(w.Drop), w.I64(0)))
	return m.Bytes()
}

func limits() runtimes.Limits {
	return runtimes.Limits{Memory: 1 << 16, Timeout: time.Minute, Fuel: 1_000_000}
}

func TestCounts(t *testing.T) {
	host := hostFunc(func(c abi.Capability, _ []byte) ([]byte, error) {
		if c == abi.Log {
			return nil, abi.ErrLimit
		}
		panic("out of order")
	})
	m, err := wazero.New().Load(t.Context(), runtimes.Program{
		Name: "speaker", Wasm: speaker(), Grants: abi.GrantsOf(abi.Log, abi.Audit), Host: host, Limits: limits(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(context.Background())
	for range 3 {
		if _, err := m.Call(t.Context(), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.(runtimes.Reporter).Status(); got.Dropped != 7 || got.Panics != 3 {
		t.Errorf("%+v, want 7 lines dropped (one at Load; bad pointer and refused by the host in each call) and 3 panics", got)
	}
}

// A hostile name must not write lines of its own into errors and logs.
func TestRefusalsAreOneLine(t *testing.T) {
	m := &w.Module{}
	m.Import("a\nb\x1b[2J", strings.Repeat("x\n", 10_000), wasm.Signature("", ""))
	_, err := wazero.New().Load(t.Context(), runtimes.Program{
		Name: "evil", Wasm: m.Bytes(), Host: hostFunc(nil), Limits: limits(),
	})
	if err == nil || strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 500 {
		t.Errorf("error %q", err)
	}
}
