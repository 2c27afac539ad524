package runtimetest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// goGuest: a guest of stock Go runs, with all that its runtime wants.
func (s suite) goGuest(t *testing.T) {
	h := &host{}
	p := program(buildGo(t), h)
	p.Config = []byte(`{"a":1}`)
	p.Limits.Memory = 64 << 20
	p.Grants = abi.GrantsOf(abi.Log)
	m := s.load(t, p)
	for _, tt := range []struct{ request, want string }{
		{"echo hello", "hello"},
		{"config", `{"a":1}`},
		{"calls", "1"},
		{"calls", "1"},
		{"environment", "0 0 true"},
		{"clock", "true true"},
		{"collect", "collected"},
	} {
		if got := call(t, m, []byte(tt.request)); string(got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.request, got, tt.want)
		}
	}
	if first, second := call(t, m, []byte("random")), call(t, m, []byte("random")); len(first) != 16 || slices.Equal(first, second) {
		t.Errorf("random bytes % x and % x", first, second)
	}
	if big := make([]byte, abi.MaxRequest); len(call(t, m, append([]byte("echo "), big[5:]...))) != len(big)-5 {
		t.Error("16 MiB did not come back")
	}
	h.seen()
	call(t, m, []byte("log careful"))
	call(t, m, []byte("print careful"))
	want := []hostCall{{abi.Log, 1, "careful"}, {abi.Log, 1, "careful"}, {abi.Log, 2, "careful"}}
	if calls := h.seen(); !slices.Equal(calls, want) {
		t.Errorf("the host saw %v, want %v", calls, want)
	}
	for _, request := range []string{"panic ouch", "exit"} {
		if _, err := m.Call(t.Context(), nil, []byte(request)); !errors.Is(err, runtimes.ErrTrap) {
			t.Errorf("%s: %v, want ErrTrap", request, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := m.Call(ctx, nil, []byte("sleep")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("sleeping for an hour: %v, want context.DeadlineExceeded", err)
	}
	if got := call(t, m, []byte("echo still here")); string(got) != "still here" {
		t.Errorf("after all that: %q", got)
	}
}

// buildGo builds internal/goguest for WASI.
func buildGo(t testing.TB) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "guest.wasm")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out,
		"bulkhead/runtimes/runtimetest/internal/goguest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if message, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the Go guest: %v\n%s", err, message)
	}
	module, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return module
}
