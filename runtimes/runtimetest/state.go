package runtimetest

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// cleanInstances: whatever a call did, or left half done, the next call starts from the same state.
func (s suite) cleanInstances(t *testing.T) {
	for name, change := range map[string]func(*module){
		"small": func(*module) {}, "large": func(m *module) { m.pages = 33 },
		"not restorable": func(m *module) { m.Table(1); m.Func(wasm.Signature("", ""), 0, w.I32(0), w.NullFunc(), w.TableSet()) },
	} {
		t.Run(name, func(t *testing.T) { s.startsClean(t, counterWith(change)) })
	}
	t.Run("tables", func(t *testing.T) {
		m := s.load(t, program(tabler(), &host{}))
		for i := range 3 {
			if got := call(t, m, nil); got[0] != 1 {
				t.Errorf("call %d: the element is set: state of an earlier call", i)
			}
		}
	})
	t.Run("what was drawn before the snapshot", func(t *testing.T) {
		m := &module{}
		random := m.Import(abi.WASIModule, "random_get", wasm.Signature("ii", "i"))
		m.initialize(w.I32(outAt), w.I32(16), w.Call(random), w.Do(w.Drop))
		loaded := s.load(t, program(m.complete(1, 0, w.I32(outAt), w.I32(16), pack()), &host{}))
		if first, second := call(t, loaded, nil), call(t, loaded, nil); string(first) != string(second) {
			t.Errorf("% x, then % x: not the snapshot", first, second)
		}
	})
}

func (s suite) startsClean(t *testing.T, guest []byte) {
	m := s.load(t, program(guest, &host{}))
	for i, request := range [][]byte{{0}, {0}, {1}, {0}, {1}, {1}, {0}, {2}, {0}, {2}, {0}} {
		answer, err := m.Call(t.Context(), nil, request)
		if request[0] == 1 {
			if !errors.Is(err, runtimes.ErrTrap) {
				t.Errorf("call %d: error %v, want ErrTrap", i, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		inMemory, inGlobal := binary.LittleEndian.Uint32(answer), binary.LittleEndian.Uint32(answer[4:])
		atTheEnd, pages := binary.LittleEndian.Uint32(answer[8:]), binary.LittleEndian.Uint32(answer[12:])
		if inMemory != 42 || inGlobal != 42 || atTheEnd != 1 || pages > 33 {
			t.Errorf("call %d: counted %d in memory, %d in a global, %d at its end, %d pages: state of an earlier call",
				i, inMemory, inGlobal, atTheEnd, pages)
		}
	}
}

// stateful: one instance, which keeps everything until it traps.
func (s suite) stateful(t *testing.T) {
	p := program(counterWith(func(*module) {}), &host{})
	p.Stateful, p.Limits.Instances = true, 4
	m := s.load(t, p)
	for i, want := range []uint32{42, 43, 44, 0, 42, 43} {
		if want == 0 {
			if _, err := m.Call(t.Context(), nil, []byte{1}); !errors.Is(err, runtimes.ErrTrap) {
				t.Errorf("error %v, want ErrTrap", err)
			}
			continue
		}
		answer := call(t, m, []byte{0})
		if inMemory, inGlobal := binary.LittleEndian.Uint32(answer), binary.LittleEndian.Uint32(answer[4:]); inMemory != want || inGlobal != want {
			t.Errorf("call %d: counted %d in memory and %d in a global, want %d", i, inMemory, inGlobal, want)
		}
	}
	t.Run("one call at a time", func(t *testing.T) { s.atOnce(t, 1, func(p *runtimes.Program) { p.Stateful = true }) })
}

// bounds: no more calls are at work at once than there may be, and as many.
func (s suite) bounds(t *testing.T) {
	t.Run("by default", func(t *testing.T) { s.atOnce(t, runtimes.DefaultInstances, func(*runtimes.Program) {}) })
	t.Run("one", func(t *testing.T) { s.atOnce(t, 1, func(p *runtimes.Program) { p.Limits.Instances = 1 }) })
	t.Run("five", func(t *testing.T) { s.atOnce(t, 5, func(p *runtimes.Program) { p.Limits.Instances = 5 }) })
}

func (s suite) atOnce(t *testing.T, want int64, change func(*runtimes.Program)) {
	var now, most atomic.Int64
	full := make(chan struct{})
	h := &host{answer: func(ctx context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
		n := now.Add(1)
		defer now.Add(-1)
		if most.Store(max(most.Load(), n)); n == want {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		select {
		case <-full:
		case <-time.After(5 * time.Second):
		}
		time.Sleep(time.Millisecond) // for one too many
		return dst, nil
	}}
	p := program(caller("audit"), h)
	change(&p)
	m := s.load(t, p)
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			if _, err := m.Call(t.Context(), nil, callerRequest{params: []uint64{0, 2}}.bytes()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if most.Load() != want {
		t.Errorf("%d calls at once, want %d", most.Load(), want)
	}
	if st := status(t, m); st.Calls != 12 || int64(st.Instances) > want || st.Idle > st.Instances {
		t.Errorf("status %+v", st)
	}
}

func status(t *testing.T, m runtimes.Module) runtimes.Status {
	t.Helper()
	r, ok := m.(runtimes.Reporter)
	if !ok {
		t.Fatalf("%T is no runtimes.Reporter", m)
	}
	return r.Status()
}

// reports: a module says what happened to its instances.
func (s suite) reports(t *testing.T) {
	m := s.load(t, program(counterWith(func(*module) {}), &host{}))
	for _, request := range []byte{0, 1, 0, 2, 0} {
		m.Call(t.Context(), nil, []byte{request})
	}
	if st := status(t, m); st.Calls != 5 || st.Replaced != 2 {
		t.Errorf("status %+v, want 5 calls and 2 instances replaced: one trapped, one grew", st)
	}
	for name, guest := range map[string][]byte{"tables": tabler(), "references": endless()["a loop of ref.func"]} {
		m := s.load(t, program(guest, &host{}))
		for range 3 {
			call(t, m, nil)
		}
		if st := status(t, m); st.Replaced != 3 {
			t.Errorf("%s: status %+v, want an instance for each call", name, st)
		}
	}
}
