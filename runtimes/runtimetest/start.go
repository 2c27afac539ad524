package runtimetest

import (
	"context"
	"errors"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// start: what happens between the checks of Load and the first request.
func (s suite) start(t *testing.T) {
	t.Run("configure", s.configures)
	t.Run("capabilities wait for the first call", s.startsPowerless)
	t.Run("log lines of the start come once", func(t *testing.T) {
		h := &host{}
		m := s.load(t, program(talkative(func(*module) {}), h))
		if lines := len(h.seen()); lines != 1 {
			t.Errorf("%d lines at Load, want 1", lines)
		}
		if call(t, m, nil); len(h.seen()) != 0 {
			t.Error("the call repeated the line")
		}
	})
	t.Run("no other export runs", func(t *testing.T) {
		h := &host{}
		m := &module{}
		log := m.capability("log")
		for _, name := range []string{"_start", "__wasm_call_ctors", "main", ""} {
			m.function(name, "", "", w.I32(1), w.I32(0), w.I32(1), w.Call(log))
		}
		if call(t, s.load(t, program(m.complete(1, 0, w.I64(0)), h)), nil); len(h.seen()) != 0 {
			t.Error("one did")
		}
	})
	t.Run("an unfinished line of the start comes once", func(t *testing.T) {
		h := &host{}
		m := &module{}
		write := m.Import(abi.WASIModule, "fd_write", wasm.Signature("iiii", "i"))
		m.Data(resultAt, []byte{0, 4, 0, 0, 2, 0, 0, 0})
		m.initialize(callFrom(write, wasm.Signature("iiii", "i"), 1, resultAt, 1, 0), w.Do(w.Drop))
		loaded := s.load(t, program(m.complete(1, 0, w.I64(0)), h))
		if call(t, loaded, nil); len(h.seen()) != 1 {
			t.Error("want the line at Load and not again")
		}
	})
	for _, tt := range []struct {
		name  string
		build func(m *module)
		want  error
	}{
		{"trap in _initialize", func(m *module) { m.initialize(w.Do(w.Unreachable)) }, runtimes.ErrTrap},
		{"trap in configure", func(m *module) { m.configure(w.Do(w.Unreachable)) }, runtimes.ErrTrap},
		{"configure lies", func(m *module) { m.configure(w.I64(0xffffffff_00000001)) }, runtimes.ErrBadOutput},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &module{}
			tt.build(m)
			if err := s.refused(t, program(m.complete(1, 0, w.I64(0)), &host{})); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	for name, tt := range map[string]struct {
		address uint32
		want    error
	}{
		"input refuses":              {0, runtimes.ErrLimit},
		"input behind memory":        {page, runtimes.ErrBadOutput},
		"input straddling the end":   {page - abi.InputHint + 1, runtimes.ErrBadOutput},
		"input at the end of 32 bit": {0xffffffff, runtimes.ErrBadOutput},
	} {
		t.Run(name, func(t *testing.T) {
			m := &module{}
			m.memory(1, 0)
			m.input(w.I32(tt.address))
			m.handle(w.I64(0))
			if err := s.refused(t, program(m.Bytes(), &host{})); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	t.Run("input grows smaller", func(t *testing.T) { // good enough for the hint, not for the request
		m := s.load(t, program(echo(0), &host{}))
		if _, err := m.Call(t.Context(), nil, make([]byte, page)); !errors.Is(err, runtimes.ErrBadOutput) {
			t.Errorf("error %v, want ErrBadOutput", err)
		}
	})
	t.Run("context done before Load", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		h := &host{}
		if _, err := s.open().Load(ctx, program(talkative(func(*module) {}), h)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
		if len(h.seen()) > 0 {
			t.Error("guest code ran")
		}
	})
}

// configures: a guest that answers its configuration, kept in its own place.
func (s suite) configures(t *testing.T) {
	keeper := func(fail bool) []byte {
		m := &module{}
		m.memory(1, 0)
		m.input(w.I32(inputAt))
		result := abi.Result{Address: inputAt, Length: 4, Failed: fail}.Pack()
		m.configure(w.I32(resultAt), w.Get(1), w.Store32(0), w.I32(resultAt), w.Get(0), w.Load32(0), w.Store32(4), w.I64(result))
		m.handle(w.I32(resultAt), w.I32(8), pack())
		return m.Bytes()
	}
	for config, want := range map[string]string{"": "\x02\x00\x00\x00{}", `{"a":1}`: "\x07\x00\x00\x00{\"a\""} {
		p := program(keeper(false), &host{})
		if config != "" {
			p.Config = []byte(config)
		}
		m := s.load(t, p)
		for range 2 {
			if got := call(t, m, nil); string(got[:len(want)]) != want {
				t.Errorf("configuration %q arrived as %q", config, got)
			}
		}
	}
	p := program(keeper(true), &host{})
	p.Config = []byte("oops")
	if failure, ok := errors.AsType[*runtimes.GuestError](s.refused(t, p)); !ok || failure.Text != "oops" {
		t.Errorf("refused with %v, want the guest's own error", failure)
	}
	p = program(echo(0), &host{})
	p.Config = []byte("{}")
	s.refused(t, p, abi.ExportConfigure)
}

// startsPowerless: in _initialize and configure every capability but log answers UNAVAILABLE and never reaches the host.
func (s suite) startsPowerless(t *testing.T) {
	for _, c := range []abi.Capability{abi.Audit, abi.Sign, abi.Attest, abi.Infer} {
		m := &module{}
		function, typ := m.capability(c.String()), capabilityType(c.String())
		code := callFrom(function, typ, 0, abi.MinNonce, 0, 0, 0)
		m.initialize(concat(w.I32(resultAt), code, w.Store32(0)))
		m.configure(concat(w.I32(resultAt), code, w.Store32(4)), w.I64(0))
		h := &host{}
		loaded := s.load(t, program(m.complete(1, 0, w.I32(resultAt), w.I32(8), pack()), h))
		want := string([]byte{0xfb, 0xff, 0xff, 0xff, 0xfb, 0xff, 0xff, 0xff}) // -5 twice
		if got := call(t, loaded, nil); string(got) != want {
			t.Errorf("%s answered % x, want -5 twice", c, got)
		}
		if calls := h.seen(); len(calls) > 0 {
			t.Errorf("%s reached the host: %v", c, calls)
		}
	}
	m := &module{}
	progress := m.capability("progress")
	report := func(done, total float64) []byte { return concat(w.F64(done), w.F64(total), w.Call(progress)) }
	m.initialize(report(4, 4))
	h := &host{}
	if call(t, s.load(t, program(m.complete(1, 0, report(0, 5), w.I64(0)), h)), nil); len(h.seen()) != 1 {
		t.Error("want the progress of the call, and that of the start ignored")
	}
}
