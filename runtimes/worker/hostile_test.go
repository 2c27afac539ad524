package worker

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// hostile is a backend that takes its worker over: Load does not return, but serves calls by attacking as they say.
type hostile struct{ stop func() bool }

func (h hostile) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	c := p.Host.(*child)
	err := c.settle(p.Limits)
	if err == nil {
		err = c.send(frame{op: opReady})
	}
	all := attacks()
	for err == nil {
		var f frame
		if f, err = c.next(); err == nil {
			a, ok := all[string(c.area(areaRequest)[:f.n])]
			if !ok { // it was killed, and reads an answer that its attack did not wait for
				break
			}
			a.do(c, f, h.stop)
		}
	}
	c.quit(err)
	return nil, err
}

func (hostile) Close(context.Context) error { return nil }

// free gives the pages of the shared memory back under the host's feet, and answers.
func free(c *child, f frame, _ func() bool) {
	unix.Madvise(c.memory[pageSize:], unix.MADV_REMOVE)
	good(c, f)
}

// attacked is the program that is attacked, with some grants.
func attacked(h runtimes.Host) runtimes.Program {
	return runtimes.Program{
		Name: "attacker", Host: h, Grants: abi.GrantsOf(abi.Log, abi.Audit, abi.Attest),
		Limits: runtimes.Limits{Memory: 1 << 20, Timeout: testTimeout, Fuel: 1, Answer: testAnswer, Instances: 1},
	}
}

// TestHostileFakes attacks the host from goroutines, under the race detector if there is one.
func TestHostileFakes(t *testing.T) {
	withstand(t, func(t *testing.T, p runtimes.Program) *Module {
		script := func(f *fake) error { return honest(hostile{f.stopped.Load})(f) }
		w, err := newWorld(t, p, script)
		if err != nil {
			t.Fatal(err)
		}
		return w.Module
	})
}

// TestHostileWorkers attacks the host from sandboxed processes.
func TestHostileWorkers(t *testing.T) {
	withstand(t, func(t *testing.T, p runtimes.Program) *Module { return loadWorker(t, "hostile", p) })
}

// withstand holds the host against every attack: the caller gets its error in time, the Host nothing that was not granted,
// and the next callers a good answer.
func withstand(t *testing.T, load func(*testing.T, runtimes.Program) *Module) {
	all := attacks()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			h := &witness{}
			m := load(t, attacked(h))
			a := all[name]
			expect(t, m, name, a.err)
			soon(t, "a worker", func() bool { s := m.Status(); return s.Idle == 1 && s.Deaths >= a.deaths })
			expect(t, m, "none", a.next)
			soon(t, "a worker", func() bool { return m.Status().Idle == 1 })
			expect(t, m, "none", nil)
			if h.changed.Load() > 0 {
				t.Error("the worker changed what the Host looked at")
			}
			for _, c := range []abi.Capability{abi.Sign, abi.Infer} {
				if n := h.calls[c].Load(); n > 0 {
					t.Errorf("%s reached the Host %d times", c, n)
				}
			}
		})
	}
}

// patient is how much later than they should things may happen on a busy machine.
const patient = time.Second

// expect calls, and wants the answer "good" or an error, in time.
func expect(t *testing.T, m *Module, request string, want error) {
	t.Helper()
	before := time.Now()
	answer, err := m.Call(t.Context(), nil, []byte(request))
	if took := time.Since(before); took > testTimeout+patient {
		t.Errorf("%q took %v", request, took)
	}
	guest, isGuest := errors.AsType[*runtimes.GuestError](want)
	got, _ := errors.AsType[*runtimes.GuestError](err)
	switch {
	case want == errAny:
	case want == nil && (err != nil || string(answer) != "good"):
		t.Errorf("%q: answer %q, error %v", request, answer, err)
	case isGuest && (got == nil || got.Text != guest.Text):
		t.Errorf("%q: error %v, want %v", request, err, want)
	case !isGuest && want != nil && !errors.Is(err, want):
		t.Errorf("%q: answer %q, error %v, want %v", request, answer, err, want)
	}
}
