package runtimetest

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

func (s suite) cancelling(t *testing.T) {
	t.Run("before the call", func(t *testing.T) {
		h := &host{}
		m := s.load(t, program(caller("log"), h))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := m.Call(ctx, nil, callerRequest{params: []uint64{1, 0, 0}}.bytes()); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
		if len(h.seen()) > 0 {
			t.Error("the guest ran")
		}
	})
	t.Run("inside a host function", func(t *testing.T) {
		for _, name := range []string{"log", "audit", "sign", "attest", "infer", "progress"} {
			ctx, cancel := context.WithCancel(t.Context())
			h := &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
				cancel()
				return dst, nil // a host that does not notice
			}}
			m := s.load(t, program(repeater(name), h))
			if _, err := m.Call(ctx, nil, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: error %v, want context.Canceled", name, err)
			}
			if calls := h.seen(); len(calls) != 1 {
				t.Errorf("%s: %d calls, want the guest to end in the first", name, len(calls))
			}
			if _, err := m.Call(t.Context(), nil, []byte{1}); err != nil {
				t.Errorf("%s: the next call: %v", name, err)
			}
		}
	})
	t.Run("inside the last host function", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
			cancel()
			return dst, nil
		}}
		m := s.load(t, program(caller("audit"), h))
		if _, err := m.Call(ctx, nil, callerRequest{params: []uint64{0, 2}}.bytes()); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
	})
	t.Run("at any moment", func(t *testing.T) {
		h := &host{}
		m := s.load(t, program(caller("audit"), h))
		for looks := int64(0); ; looks++ {
			ctx := &countdown{Context: t.Context()}
			ctx.left.Store(looks)
			_, err := m.Call(ctx, nil, callerRequest{params: []uint64{0, 2}}.bytes())
			if err == nil {
				if looks < 4 {
					t.Errorf("the call looked only %d times", looks)
				}
				return
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("done after %d looks: %v, want context.Canceled", looks, err)
			}
		}
	})
	t.Run("in a loop of free functions", func(t *testing.T) {
		for _, f := range []struct {
			module, name    string
			params, results string
		}{
			{abi.Module, "read", "iiii", "i"}, {abi.Module, "result", "iii", "i"},
			{abi.WASIModule, "sched_yield", "", "i"}, {abi.WASIModule, "random_get", "ii", "i"},
		} {
			m := &module{}
			typ := wasm.Signature(f.params, f.results)
			function := m.Import(f.module, f.name, typ)
			endless := m.complete(1, 0, w.Loop(callFrom(function, typ, 0, 0, 0, 0), w.Do(w.Drop), w.Br(0)), w.I64(0))
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := s.load(t, program(endless, &host{})).Call(ctx, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: error %v, want context.DeadlineExceeded", f.name, err)
			}
		}
	})
}

// A countdown is done from a certain look on.
type countdown struct {
	context.Context
	left atomic.Int64
}

// Err implements context.Context.
func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// repeater calls a host function for ever, unless its request is not empty.
func repeater(name string) []byte {
	m := &module{}
	function, typ := m.capability(name), capabilityType(name)
	once := callFrom(function, typ, 0, abi.MinNonce, 0, 0, 0)
	if name == "progress" {
		once = concat(w.F64(0), w.F64(0), w.Call(function))
	}
	if len(typ.Results) > 0 {
		once = append(once, w.Do(w.Drop)...)
	}
	return m.complete(1, 0, w.Get(1), w.If(w.I64(0), []byte{0x0f}), w.Loop(once, w.Br(0)), w.I64(0))
}

// sleep: poll_oneoff waits, but not longer than the context.
func (s suite) sleep(t *testing.T) {
	m := s.load(t, program(wasiCaller("poll_oneoff", "iiii", "i"), &host{}))
	ask := func(ctx context.Context, subscriptions ...[]byte) ([]byte, error) {
		all := concat(subscriptions...)
		return m.Call(ctx, nil, callerRequest{
			params: []uint64{dataAt(4), outAt + 8, uint64(len(subscriptions)), outAt}, answer: outAt - resultAt + 8 + 64, data: all,
		}.bytes())
	}
	t.Run("until the first is due", func(t *testing.T) {
		before := time.Now()
		answer, err := ask(t.Context(), clockSubscription(7, time.Hour), clockSubscription(8, 5*time.Millisecond))
		if err != nil || time.Since(before) < 5*time.Millisecond {
			t.Fatalf("after %v: %v", time.Since(before), err)
		}
		if errno, n, who := answer[0], answer[outAt-resultAt], answer[outAt-resultAt+8]; errno != 0 || n != 1 || who != 8 {
			t.Errorf("errno %d, %d events, the first for %d; want 0, 1, 8", errno, n, who)
		}
	})
	t.Run("descriptors are ready, with EBADF", func(t *testing.T) {
		descriptor := make([]byte, 48)
		descriptor[0], descriptor[8] = 9, 1
		answer, err := ask(t.Context(), clockSubscription(7, time.Hour), descriptor)
		if err != nil {
			t.Fatal(err)
		}
		if event := answer[outAt-resultAt+8:]; event[0] != 9 || event[8] != 8 || event[10] != 1 {
			t.Errorf("event % x, want one of 9 with EBADF", event[:12])
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := ask(ctx, clockSubscription(7, time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
	})
	t.Run("for none or too many", func(t *testing.T) {
		for _, n := range []uint64{0, 65, 1 << 31, 0xffffffff} {
			answer := call(t, m, callerRequest{params: []uint64{0, outAt + 8, n, outAt}, answer: 4}.bytes())
			if answer[0] != 28 {
				t.Errorf("%d subscriptions: errno %d, want EINVAL", n, answer[0])
			}
		}
	})
}

func clockSubscription(userdata uint64, wait time.Duration) []byte {
	s := binary.LittleEndian.AppendUint64(nil, userdata)
	s = append(s, make([]byte, 40)...)
	s[16] = 1 // monotonic
	binary.LittleEndian.PutUint64(s[24:], uint64(wait))
	return s
}
