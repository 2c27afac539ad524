package capability

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

var (
	bg      = context.Background()
	hexA    = strings.Repeat("a", 64)
	hexB    = strings.Repeat("b", 64)
	errDisk = errors.New("disk on fire")
)

// memory is a log that keeps entries, or fails.
type memory struct {
	mu      sync.Mutex
	entries []gate.Entry
	err     error
	hook    func()
	wanted  map[gate.Event]bool
}

// Wants is what a plain log wants, and more if a test says so.
func (m *memory) Wants(e gate.Event) bool { return e != gate.CapabilityInfer || m.wanted[e] }

// kept returns the entries of one event.
func (m *memory) kept(event gate.Event) (out []gate.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.entries {
		if e.Event == event {
			out = append(out, e)
		}
	}
	return out
}

func (m *memory) Append(ctx context.Context, e gate.Entry) (gate.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return gate.Receipt{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hook != nil {
		m.hook()
	}
	if m.err != nil {
		return gate.Receipt{}, m.err
	}
	if e.Event.Class() == string(e.Event) {
		return gate.Receipt{}, fmt.Errorf("an entry of no event: %+v", e)
	}
	m.entries = append(m.entries, e)
	return gate.Receipt{}, nil
}

// signer "signs" by naming what it saw.
type signer struct{ err error }

func (s signer) Sign(message []byte, context string) ([]byte, error) {
	return []byte("sig(" + context + "," + string(message) + ")"), s.err
}

type attester struct{ err error }

func (a attester) AttestPlugin(_ context.Context, name, digest, call string, nonce []byte) ([]byte, error) {
	return []byte("evidence(" + name + "," + digest[:4] + "," + call + "," + string(nonce) + ")"), a.err
}

// module is a model as a function.
type module func(ctx context.Context, dst, request []byte) ([]byte, error)

func (m module) Call(ctx context.Context, dst, request []byte) ([]byte, error) {
	return m(ctx, dst, request)
}
func (module) Close(context.Context) error { return nil }

// reverse answers with its request from back to front.
func reverse(_ context.Context, dst, request []byte) ([]byte, error) {
	for i := len(request) - 1; i >= 0; i-- {
		dst = append(dst, request[i])
	}
	return dst, nil
}

// house is a tool plugin with everything granted, and what it is bound to.
type house struct {
	config Config
	log    *memory
	lines  *bytes.Buffer
}

func newHouse() *house {
	h := &house{log: &memory{}, lines: &bytes.Buffer{}}
	h.config = Config{
		Alias: "inspect", Name: "acme/inspect", Digest: hexA, Backend: "wazero/process", Role: abi.RoleTool, Grants: abi.RoleTool.Allowed(), Audit: h.log,
		Log:      slog.New(slog.NewJSONHandler(h.lines, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Keys:     []Key{{"report", hexA, signer{}}, {"other", hexB, signer{}}},
		Models:   []Model{{Plugin: gate.PluginRef{Alias: "digits", Digest: hexB}, Module: module(reverse), InputBytes: 4, OutputBytes: 4}},
		Attester: attester{},
	}
	return h
}

func (h *house) bind(t testing.TB) *Binding {
	t.Helper()
	b, err := Bind(h.config)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// within is a context of a running call.
func within() context.Context { return gate.WithRunning(bg, running()) }

func running() *gate.Running {
	return &gate.Running{Call: "call-1", Trace: strings.Repeat("c", 32), Parent: strings.Repeat("d", 16), Principal: "alice"}
}

var inputs = map[abi.Capability][]byte{
	abi.Log: []byte("hello"), abi.Audit: []byte(`{"a":1}`), abi.Sign: []byte("message"), abi.Attest: []byte("0123456789abcdef"),
	abi.Infer: []byte("abcd"),
}
