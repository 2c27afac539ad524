package capability

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

func TestInferRunsTheModelAsPartOfTheCall(t *testing.T) {
	h := newHouse()
	type key struct{}
	h.config.Models[0].Module = module(func(ctx context.Context, dst, request []byte) ([]byte, error) {
		r := gate.RunningFrom(ctx)
		if r.Call != "call-1" || r.Principal != "alice" || r.Trace != strings.Repeat("c", 32) || r.Parent != strings.Repeat("d", 16) || r.Via != "inspect" {
			t.Errorf("the model runs as %+v", r)
		}
		if ctx.Value(key{}) != "kept" {
			t.Error("the model has another context")
		}
		return reverse(ctx, dst, request)
	})
	r := running()
	ctx := context.WithValue(gate.WithRunning(bg, r), key{}, "kept")
	b := h.bind(t)
	for range 3 {
		out, err := b.Capability(ctx, abi.Infer, 0, []byte("dst:"), []byte("abcd"))
		if err != nil || string(out) != "dst:dcba" {
			t.Fatalf("%q, %v", out, err)
		}
	}
	if used := r.Used(); !slices.Equal(used, []gate.PluginRef{{Alias: "digits", Digest: hexB}}) {
		t.Errorf("used %+v", used)
	}
	if r.Via != "" {
		t.Error("the caller's own call was changed")
	}
}

// meter is a model that says what it used.
type meter struct {
	module
	fuel uint64
}

func (m meter) Measure(ctx context.Context, dst, request []byte, u *runtimes.Usage) ([]byte, error) {
	u.Fuel = m.fuel
	return m.Call(ctx, dst, request)
}

func TestInferIsPaidByTheCall(t *testing.T) {
	h := newHouse()
	broken := module(func(context.Context, []byte, []byte) ([]byte, error) { return nil, runtimes.ErrTrap })
	r := running()
	for _, m := range []meter{{reverse, 7}, {broken, 100}} {
		h.config.Models[0].Module = m
		h.bind(t).Capability(gate.WithRunning(bg, r), abi.Infer, 0, nil, []byte("abcd"))
	}
	if fuel, _ := r.Fuel(); fuel != 107 {
		t.Errorf("the call paid %d, want 107", fuel)
	}
}

func TestInferOfAnySize(t *testing.T) {
	h := newHouse()
	h.config.Models[0] = Model{Plugin: gate.PluginRef{Alias: "echo", Digest: hexB}, Module: module(reverse), AnySize: true}
	b := h.bind(t)
	for _, in := range []string{"", "a", "abcdef"} {
		if out, err := b.Capability(within(), abi.Infer, 0, []byte("dst:"), []byte(in)); err != nil || len(out) != len("dst:"+in) {
			t.Errorf("%q: %q, %v", in, out, err)
		}
	}
	h.config.Models[0].Module = module(func(_ context.Context, dst, _ []byte) ([]byte, error) { return append(dst, "x"...), abi.ErrDenied })
	if out, err := h.bind(t).Capability(within(), abi.Infer, 0, []byte("dst:"), nil); !errors.Is(err, abi.ErrInternal) || string(out) != "dst:" {
		t.Errorf("a model that fails: %q, %v", out, err)
	}
}

// A request holds whole examples, as many as the model takes, and the answer one for each of them.
func TestInferOfABatch(t *testing.T) {
	h := newHouse()
	m := &h.config.Models[0]
	m.InputBytes, m.OutputBytes, m.Batch = 4, 2, 3
	answer := 0
	m.Module = module(func(_ context.Context, dst, _ []byte) ([]byte, error) {
		return append(dst, make([]byte, answer)...), nil
	})
	b := h.bind(t)
	for _, c := range []struct {
		in, out int
		want    error
	}{
		{4, 2, nil}, {8, 4, nil}, {12, 6, nil},
		{0, 0, abi.ErrInvalid}, {2, 2, abi.ErrInvalid}, {6, 3, abi.ErrInvalid}, {13, 6, abi.ErrInvalid}, {16, 8, abi.ErrInvalid},
		{8, 2, abi.ErrInternal}, {8, 6, abi.ErrInternal}, {4, 4, abi.ErrInternal}, {12, 0, abi.ErrInternal},
	} {
		answer = c.out
		out, err := b.Capability(within(), abi.Infer, 0, nil, make([]byte, c.in))
		if !errors.Is(err, c.want) || err == nil && len(out) != c.out {
			t.Errorf("%d bytes, answered with %d: %d, %v, want %v", c.in, c.out, len(out), err, c.want)
		}
	}
}

func TestInferRefuses(t *testing.T) {
	h := newHouse()
	ran := false
	h.config.Models[0].Module = module(func(context.Context, []byte, []byte) ([]byte, error) { ran = true; return nil, nil })
	b := h.bind(t)
	for _, c := range []struct {
		name string
		slot uint32
		in   string
		want error
	}{
		{"slot without model", 1, "abcd", abi.ErrNotFound},
		{"slot far away", 1<<32 - 1, "abcd", abi.ErrNotFound},
		{"too short", 0, "abc", abi.ErrInvalid},
		{"too long", 0, "abcde", abi.ErrInvalid},
		{"empty", 0, "", abi.ErrInvalid},
	} {
		if _, err := b.Capability(within(), abi.Infer, c.slot, nil, []byte(c.in)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if ran {
		t.Error("the model ran")
	}
}

func TestModelErrors(t *testing.T) {
	answer := func(out string, err error) module {
		return func(_ context.Context, dst, _ []byte) ([]byte, error) { return append(dst, out...), err }
	}
	for _, c := range []struct {
		name  string
		model module
		want  abi.Errno
	}{
		{"error answer", answer("", &runtimes.GuestError{Text: "secret \n words"}), abi.ErrInternal},
		{"trap", answer("", fmt.Errorf("unreachable: %w", runtimes.ErrTrap)), abi.ErrInternal},
		{"bad output", answer("", runtimes.ErrBadOutput), abi.ErrInternal},
		{"limit", answer("", fmt.Errorf("memory: %w", runtimes.ErrLimit)), abi.ErrLimit},
		{"closed", answer("", runtimes.ErrClosed), abi.ErrUnavailable},
		{"quarantine", answer("", fmt.Errorf("%w: until noon", runtimes.ErrQuarantined)), abi.ErrUnavailable},
		{"death", answer("", fmt.Errorf("%w: signal: killed", runtimes.ErrDied)), abi.ErrInternal},
		{"deadline", answer("", context.DeadlineExceeded), abi.ErrDeadline},
		{"cancelled", answer("", context.Canceled), abi.ErrDeadline},
		{"an errno of the model's", answer("", abi.ErrDenied), abi.ErrInternal},
		{"short answer", answer("abc", nil), abi.ErrInternal},
		{"long answer", answer("abcde", nil), abi.ErrInternal},
		{"no answer", answer("", nil), abi.ErrInternal},
		{"lost prefix", func(context.Context, []byte, []byte) ([]byte, error) { return []byte("x"), nil }, abi.ErrInternal},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse()
			h.config.Models[0].Module = c.model
			out, err := h.bind(t).Capability(within(), abi.Infer, 0, []byte("dst"), []byte("abcd"))
			var errno abi.Errno
			if !errors.As(err, &errno) || errno != c.want || string(out) != "dst" {
				t.Errorf("%q, %v, want %v", out, err, c.want)
			}
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Error("the model's words reach the caller")
			}
			if text := h.lines.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"model":"digits"`) ||
				!strings.Contains(text, `"call":"call-1"`) {
				t.Errorf("log: %s", text)
			}
		})
	}
}

// While the model runs no lock is held: it may log under its own binding, and others may infer.
func TestInferHoldsNoLock(t *testing.T) {
	h := newHouse()
	var b runtimes.Host
	depth := 0
	h.config.Models[0].Module = module(func(ctx context.Context, dst, request []byte) ([]byte, error) {
		if depth++; depth < 3 {
			return b.Capability(within(), abi.Infer, 0, dst, request)
		}
		return reverse(ctx, dst, request)
	})
	b = h.bind(t)
	if out, err := b.Capability(within(), abi.Infer, 0, nil, []byte("abcd")); err != nil || string(out) != "dcba" {
		t.Errorf("%q, %v", out, err)
	}
}
