package hostile

import (
	"bytes"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// What every attack is held to, beside its outcome.
const (
	refusalTime = 50 * time.Millisecond  // of a file that is invalid
	pauseTime   = 20 * time.Millisecond  // of runtime.GC while the attack is at work, in the median
	controlTime = 250 * time.Millisecond // of the control plugin, 95 times of 100
	spareMemory = 32 << 20               // over the limit at the peak of calls, and over the baseline afterwards
	loadMemory  = 128 << 20              // over the limit while a module is compiled, which is what a worker may have
	tries       = 4                      // for what other work on the machine may spoil: time and memory
)

// A Setup is one way to run plugins: a backend in this process or in workers.
type Setup struct {
	Name     string
	Open     func() runtimes.Backend
	Killable bool   // what compiles too long is killed; elsewhere nothing but structural limits bounds it
	Own      uint64 // bytes at the peak of calls that are the backend's own, beside what every backend may have
}

// Run sends every attack against every setup, and writes the table of what came of it to the test's log. A short run has
// shorter time limits and leaves the large ones out, and so do setups that have no budget for compiling: 16 MiB of the
// dearest code within the limits take wazero's compiler minutes.
func Run(t *testing.T, attacks []*Attack, setups []Setup, short bool) {
	slices.SortFunc(attacks, func(a, b *Attack) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	table := newTable(setups)
	defer table.log(t)
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // the corpus is a heap such as no host has: keep little beside it
	for _, s := range setups {
		t.Run(s.Name, func(t *testing.T) {
			f := newField(t, s)
			for _, a := range attacks {
				if a.Large && (short || !s.Killable) {
					continue
				}
				t.Run(a.Name, func(t *testing.T) {
					r := f.hold(a.lasting(short), tries)
					for _, fault := range append(r.wrong, r.slow...) {
						t.Errorf("%s: %s", a.What, fault)
					}
					table.add(a, s, r)
				})
			}
		})
	}
	for _, a := range attacks {
		for _, difference := range table.differences(a) {
			t.Error(difference)
		}
	}
}

// lasting is the attack with the time that a run has for it.
func (a *Attack) lasting(short bool) *Attack {
	if !short || !a.timed() {
		return a
	}
	b := *a
	b.Limits.Timeout = min(b.Limits.Timeout, 100*time.Millisecond)
	return &b
}

// timed reports whether time ends one of its calls.
func (a *Attack) timed() bool {
	return slices.ContainsFunc(a.Calls, func(c Call) bool { return c.Outcome == LimitTime })
}

// A field is a backend under attack, beside which a control plugin answers.
type field struct {
	own     uint64
	backend runtimes.Backend
	control runtimes.Module
	base    footprint
}

func newField(t *testing.T, s Setup) *field {
	t.Helper()
	f := &field{own: s.Own, backend: s.Open()}
	ctx := context.Background()
	t.Cleanup(func() { f.backend.Close(ctx) })
	var err error
	if f.control, err = f.backend.Load(ctx, program(controlPlugin())); err != nil {
		t.Fatalf("loading the control plugin: %v", err)
	}
	t.Cleanup(func() { f.control.Close(ctx) })
	for range 3 { // what an engine makes once
		f.strike(controlPlugin(), func() {})
	}
	f.base = settle(footprint{})
	f.base.goroutines++ // that of a subtest
	return f
}

// A result is what came of one attack.
type result struct {
	outcomes []Outcome
	load     time.Duration
	slowest  time.Duration // of its calls
	loadPeak uint64        // bytes over the baseline
	peak     uint64        // the same, of its calls
	fuel     []uint64      // of each call
	wrong    []string      // what can only be a fault of the sandbox
	slow     []string      // what may be the machine's
}

// hold strikes until time and memory are as they must be, or are wrong too often.
func (f *field) hold(a *Attack, tries int) (r result) {
	for range tries {
		w := watch(f)
		r = f.strike(a, w.loaded)
		w.stop(&r, a)
		f.judge(&r, a)
		if len(r.wrong) > 0 || len(r.slow) == 0 {
			break
		}
	}
	return r
}

// strike loads and calls as the attack says, and closes.
func (f *field) strike(a *Attack, between func()) (r result) {
	ctx := context.Background()
	start := time.Now()
	m, err := f.backend.Load(ctx, program(a))
	r.load = time.Since(start)
	loaded := OutcomeOf(err)
	if loaded != a.Load && (a.Load != Either || loaded != OK && loaded != Refused) {
		r.wrong = append(r.wrong, fmt.Sprintf("loading: %s (%v), want %s", loaded, err, a.Load))
	}
	if err != nil {
		r.outcomes = []Outcome{loaded}
		return r
	}
	between()
	if len(a.Calls) == 0 {
		r.outcomes = []Outcome{OK}
	}
	for i, c := range a.Calls {
		start := time.Now()
		var u runtimes.Usage
		answer, err := m.(runtimes.Meter).Measure(ctx, nil, c.Request, &u)
		took := time.Since(start)
		r.fuel = append(r.fuel, u.Fuel)
		r.slowest = max(r.slowest, took)
		got := OutcomeOf(err)
		if !slices.Contains(r.outcomes, got) {
			r.outcomes = append(r.outcomes, got)
		}
		if got != c.Outcome || c.Answer != nil && !bytes.Equal(answer, c.Answer) {
			r.wrong = append(r.wrong, fmt.Sprintf("call %d: %s 0x%.32x (%v), want %s 0x%x", i, got, answer, err, c.Outcome, c.Answer))
		}
		if c.Outcome == LimitTime && took < a.Limits.Timeout {
			r.wrong = append(r.wrong, fmt.Sprintf("call %d ended after %v, before its time", i, took))
		}
	}
	if err := m.Close(ctx); err != nil {
		r.wrong = append(r.wrong, fmt.Sprintf("closing: %v", err))
	}
	return r
}

// Once loads the attack and calls it with one request.
func (a *Attack) Once(b runtimes.Backend, request []byte) (Outcome, error) {
	m, err := b.Load(context.Background(), program(a))
	if err != nil {
		return OutcomeOf(err), err
	}
	defer m.Close(context.Background())
	_, err = m.Call(context.Background(), nil, request)
	return OutcomeOf(err), err
}

// judge holds what was measured against the limits.
func (f *field) judge(r *result, a *Attack) {
	slow := func(format string, args ...any) { r.slow = append(r.slow, fmt.Sprintf(format, args...)) }
	if a.Invalid && r.load > refusalTime {
		if usual := f.strike(controlPlugin(), func() {}).load; r.load > refusalTime+usual { // a worker has to start
			slow("the refusal took %v, at most %v; a good plugin loads in %v", r.load, refusalTime, usual)
		}
	}
	budget := max(runtimes.MinStart, runtimes.StartFactor*a.Limits.Timeout)
	if most := budget + time.Second; r.load > most { // and the time that it takes to kill
		slow("loading took %v, at most %v", r.load, most)
	}
	if most := a.Limits.Timeout + runtimes.Grace; r.slowest > most {
		slow("a call took %v, at most %v", r.slowest, most)
	}
	if most := a.Limits.Memory + spareMemory + f.own; r.peak > most && !a.Large { // whose code alone may be more
		slow("%d MiB at the peak of its calls, at most %d", r.peak>>20, most>>20)
	}
	if most := a.Limits.Memory + loadMemory; r.loadPeak > most && !a.Large {
		slow("%d MiB at the peak of loading, at most %d", r.loadPeak>>20, most>>20)
	}
	after := settle(f.base)
	if after.memory > f.base.memory+spareMemory {
		slow("%d MiB of memory stay", (after.memory-f.base.memory)>>20)
		f.base.memory = after.memory // an allocator may keep it, once
	}
	if after.goroutines > f.base.goroutines {
		slow("%d goroutines stay", after.goroutines-f.base.goroutines)
	}
	if after.processes > f.base.processes {
		slow("%d processes stay", after.processes-f.base.processes)
	}
}

func program(a *Attack) runtimes.Program {
	return runtimes.Program{Name: a.Name, Wasm: a.Wasm, Grants: a.Grants, WASI: a.WASI, Host: standIn{a.Blocks}, Limits: a.Limits}
}

// A standIn answers capabilities as a host does whose quotas are endless.
type standIn struct{ blocks bool }

// Capability implements runtimes.Host.
func (s standIn) Capability(ctx context.Context, c abi.Capability, _ uint32, dst, in []byte) ([]byte, error) {
	switch c {
	case abi.Sign, abi.Attest:
		return append(dst, make([]byte, 3373)...), nil
	case abi.Infer:
		if s.blocks {
			<-ctx.Done()
			return dst, abi.ErrDeadline
		}
		return append(dst, in[:min(len(in), 64)]...), nil
	}
	return dst, nil
}
