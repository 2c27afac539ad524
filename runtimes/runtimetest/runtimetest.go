// Package runtimetest is the contract of package runtimes as a test suite: what every backend must do, and above all what
// it must refuse. Its guests are written by the suite, a few hundred bytes each; one is built with stock Go.
package runtimetest

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// Run tests the backends that open returns.
func Run(t *testing.T, open func() runtimes.Backend) {
	s := suite{open: open}
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"answers", s.answers}, {"lies", s.lies}, {"traps", s.traps}, {"clean instances", s.cleanInstances},
		{"stateful", s.stateful}, {"fuel", s.fuel}, {"depth", s.depth}, {"deadlines", s.deadlines}, {"context", s.lent}, {"bounds", s.bounds},
		{"reports", s.reports}, {"cache", s.caches},
		{"memory", s.memory}, {"limits", s.limits}, {"concurrency", s.concurrency}, {"close", s.closing},
		{"imports", s.imports}, {"exports", s.exports}, {"structure", s.structure}, {"features", s.features},
		{"start", s.start}, {"pointers", s.pointers}, {"sizes", s.sizes}, {"host errors", s.hostErrors},
		{"kept answers", s.keptAnswers}, {"assets", s.assets}, {"overlap", s.overlap}, {"log", s.log},
		{"fills", s.fills}, {"infers", s.infers}, {"progress", s.progress}, {"cancelling", s.cancelling}, {"wasi", s.wasi}, {"stdio", s.stdio}, {"sleep", s.sleep},
		{"go guest", s.goGuest},
	} {
		t.Run(part.name, part.test)
	}
}

type suite struct{ open func() runtimes.Backend }

// program is a Program with everything granted.
func program(module []byte, h runtimes.Host) runtimes.Program {
	return runtimes.Program{
		Name: "guest", Wasm: module, Host: h, WASI: true, Limits: limits(32 << 20),
		Grants: abi.GrantsOf(abi.Log, abi.Audit, abi.Sign, abi.Attest, abi.Infer),
	}
}

// limits allow more than any guest of the suite needs that does not mean harm.
func limits(memory uint64) runtimes.Limits {
	return runtimes.Limits{Memory: memory, Timeout: time.Minute, Fuel: 100_000_000_000}
}

// load loads p and closes module and backend with the test.
func (s suite) load(t testing.TB, p runtimes.Program) runtimes.Module {
	t.Helper()
	b := s.open()
	m, err := b.Load(t.Context(), p)
	if err != nil {
		t.Fatalf("loading: %v", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(m.Close(context.Background()), b.Close(context.Background())); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return m
}

// refused loads p, which must be refused with all of words in the reason, and returns the error.
func (s suite) refused(t *testing.T, p runtimes.Program, words ...string) error {
	t.Helper()
	b := s.open()
	defer b.Close(context.Background())
	m, err := b.Load(t.Context(), p)
	if err == nil {
		m.Close(context.Background())
		t.Fatal("loaded, want a refusal")
	}
	if refusal, ok := errors.AsType[*runtimes.LoadError](err); !ok || refusal.Plugin != p.Name {
		t.Errorf("error %T %v, want a *LoadError that names the plugin", err, err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not say %q", err, word)
		}
	}
	return err
}

// A host records what reaches it and answers as its function says.
type host struct {
	answer func(ctx context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error)

	mu    sync.Mutex
	calls []hostCall
}

type hostCall struct {
	capability abi.Capability
	slot       uint32
	in         string
}

// Capability implements runtimes.Host.
func (h *host) Capability(ctx context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
	h.mu.Lock()
	h.calls = append(h.calls, hostCall{c, slot, string(in)})
	h.mu.Unlock()
	if h.answer == nil {
		return dst, nil
	}
	return h.answer(ctx, c, slot, dst, in)
}

// seen returns what reached the host since the last look.
func (h *host) seen() []hostCall {
	h.mu.Lock()
	defer h.mu.Unlock()
	calls := h.calls
	h.calls = nil
	return calls
}

// replying answers every capability with the same bytes.
func replying(answer string) *host {
	return &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
		return append(dst, answer...), nil
	}}
}

// call calls and fails the test on an error.
func call(t testing.TB, m runtimes.Module, request []byte) []byte {
	t.Helper()
	answer, err := m.Call(t.Context(), nil, request)
	if err != nil {
		t.Fatalf("calling: %v", err)
	}
	return answer
}

// ask has a caller make one call, and returns what the host function returned and the bytes it wrote at outAt.
func ask(t testing.TB, m runtimes.Module, q callerRequest) (int32, []byte) {
	t.Helper()
	q.answer += outAt - resultAt
	answer := call(t, m, q.bytes())
	return int32(binary.LittleEndian.Uint32(answer)), answer[outAt-resultAt:]
}
