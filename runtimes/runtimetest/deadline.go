package runtimetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
)

// deadlines: wherever a call is when its time is over, it ends.
func (s suite) deadlines(t *testing.T) {
	const timeout = 40 * time.Millisecond
	timed := func(guest []byte, h runtimes.Host) runtimes.Program {
		p := program(guest, h)
		p.Limits.Timeout, p.Limits.Fuel, p.Limits.Instances = timeout, runtimes.MaxFuel, 1
		return p
	}
	within := func(t *testing.T, m runtimes.Module, request []byte) {
		t.Helper()
		before := time.Now()
		s.limited(t, m, request, "time")
		if took := time.Since(before); took < timeout || took > time.Second {
			t.Errorf("ended after %v, want %v", took, timeout)
		}
	}
	for name, guest := range endless() {
		t.Run("in "+name, func(t *testing.T) {
			m := s.load(t, timed(guest, &host{}))
			within(t, m, []byte{1})
			recovers(t, m, []byte{0})
		})
	}
	t.Run("in a host function that watches its context", func(t *testing.T) {
		for _, name := range []string{"audit", "sign", "attest", "infer", "log", "progress"} {
			h := &host{answer: func(ctx context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
				<-ctx.Done()
				return dst, ctx.Err()
			}}
			within(t, s.load(t, timed(repeater(name), h)), nil)
		}
	})
	t.Run("in a host function that does not", func(t *testing.T) {
		h := &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
			time.Sleep(2 * timeout)
			return dst, nil
		}}
		within(t, s.load(t, timed(caller("audit"), h)), callerRequest{params: []uint64{0, 2}}.bytes())
		if calls := h.seen(); len(calls) != 1 {
			t.Errorf("%d calls of the host", len(calls))
		}
	})
	t.Run("asleep", func(t *testing.T) {
		m := s.load(t, timed(wasiCaller("poll_oneoff", "iiii", "i"), &host{}))
		within(t, m, callerRequest{
			params: []uint64{dataAt(4), outAt + 8, 1, outAt}, data: clockSubscription(7, time.Hour)}.bytes())
	})
	t.Run("printing", func(t *testing.T) { // 65,536 lines in one host function
		h := &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
			time.Sleep(time.Millisecond)
			return dst, nil
		}}
		within(t, s.load(t, timed(printer(), h)), append([]byte{1}, strings.Repeat("\n", 60_000)...))
	})
	t.Run("waiting for an instance", func(t *testing.T) { s.waits(t, timed) })
	t.Run("loading", func(t *testing.T) {
		m := &module{}
		m.initialize(w.Loop(w.Br(0)))
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		if _, err := s.open().Load(ctx, timed(m.complete(1, 0, w.I64(0)), &host{})); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
	})
}

func (s suite) waits(t *testing.T, timed func([]byte, runtimes.Host) runtimes.Program) {
	inside, release := make(chan struct{}), make(chan struct{})
	h := &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
		close(inside)
		<-release
		return dst, nil
	}}
	m := s.load(t, timed(caller("audit"), h))
	request := callerRequest{params: []uint64{0, 2}}.bytes()
	var group sync.WaitGroup
	group.Go(func() { m.Call(t.Context(), nil, request) })
	<-inside
	s.limited(t, m, request, "time")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if _, err := m.Call(ctx, nil, request); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
	if calls := h.seen(); len(calls) != 1 {
		t.Errorf("%d calls at once, the limit is one", len(calls))
	}
	close(release)
	group.Wait()
	h.answer = nil
	recovers(t, m, request)
}

// recovers: a module that lost an instance answers again. Making another may take longer than a call has, on a busy machine.
func recovers(t *testing.T, m runtimes.Module, request []byte) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); ; {
		_, err := m.Call(t.Context(), nil, request)
		if err == nil {
			return
		}
		if !errors.Is(err, runtimes.ErrLimit) || time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

type contextKey struct{}

// lent: the Host gets the values of the caller's context, and a deadline; what it gets ends with the call.
func (s suite) lent(t *testing.T) {
	var kept context.Context
	h := &host{answer: func(ctx context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
		kept = ctx
		deadline, ok := ctx.Deadline()
		derived, cancel := context.WithCancel(ctx)
		defer cancel()
		left := time.Until(deadline)
		if ctx.Value(contextKey{}) != "mine" || derived.Value(contextKey{}) != "mine" || ctx.Err() != nil || derived.Err() != nil ||
			!ok || left <= 0 || left > time.Minute {
			return nil, errors.New("not the context that was promised")
		}
		return append(dst, "good"...), nil
	}}
	m := s.load(t, program(caller("sign"), h))
	request := callerRequest{params: []uint64{0, 0, 0, outAt, 4}, answer: outAt - resultAt + 4}.bytes()
	ctx := context.WithValue(t.Context(), contextKey{}, "mine")
	if answer, err := m.Call(ctx, nil, request); err != nil || string(answer[outAt-resultAt:]) != "good" {
		t.Fatalf("answer % x, error %v", answer, err)
	}
	if kept.Err() == nil {
		t.Error("the context goes on after the call")
	}
	<-kept.Done()
	soon, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	want, _ := soon.Deadline()
	if _, err := m.Call(soon, nil, request); err != nil {
		t.Fatal(err)
	}
	if got, _ := kept.Deadline(); !got.Equal(want) {
		t.Errorf("deadline %v, want the caller's, which is sooner: %v", got, want)
	}
}
