package runtimetest

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// fuel: whatever a guest does, it pays, and no guest runs for ever.
func (s suite) fuel(t *testing.T) {
	for name, guest := range endless() {
		t.Run(name, func(t *testing.T) {
			p := program(guest, &host{})
			p.Limits.Fuel = 1_000_000
			m := s.load(t, p)
			for range 2 {
				if u := s.limited(t, m, []byte{1}, "fuel"); u.Fuel <= p.Limits.Fuel {
					t.Errorf("ended after %d units of %d", u.Fuel, p.Limits.Fuel)
				}
			}
			call(t, m, []byte{0})
		})
	}
	for name, guest := range deep() {
		t.Run(name, func(t *testing.T) {
			m := s.load(t, program(guest, &host{}))
			for range 2 {
				s.limited(t, m, []byte{1}, "call stack")
			}
			call(t, m, []byte{0})
		})
	}
	t.Run("exact", s.exactFuel)
	t.Run("of host functions", s.hostFuel)
	t.Run("of the start", func(t *testing.T) {
		for name, build := range map[string]func(*module){
			"_initialize": func(m *module) { m.initialize(w.Loop(w.Br(0))) },
			"configure":   func(m *module) { m.configure(w.Loop(w.Br(0)), w.I64(0)) },
			"input":       nil,
		} {
			m := &module{}
			if build == nil {
				m.memory(1, 0)
				m.input(w.Loop(w.Br(0)), w.I32(inputAt))
				m.handle(w.I64(0))
			} else {
				build(m)
				m.complete(1, 0, w.I64(0))
			}
			p := program(m.Bytes(), &host{})
			p.Limits.Fuel = 1_000_000
			if err := s.refused(t, p, "fuel"); !errors.Is(err, runtimes.ErrLimit) {
				t.Errorf("%s: %v, want ErrLimit", name, err)
			}
		}
	})
	t.Run("the collector gets its turn", s.collects)
	t.Run("references take no memory", func(t *testing.T) {
		p := program(endless()["a loop of ref.func"], &host{})
		p.Limits.Fuel = 500_000_000
		m := s.load(t, p)
		before := heap()
		s.limited(t, m, []byte{1}, "fuel")
		if now := heap(); now > before+32<<20 {
			t.Errorf("the heap grew from %d to %d MiB", before>>20, now>>20)
		}
	})
}

// heap is what Go has taken of the heap since the process started.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// measure is call that also tells what the call used.
func measure(t testing.TB, m runtimes.Module, request []byte) (runtimes.Usage, []byte, error) {
	t.Helper()
	meter, ok := m.(runtimes.Meter)
	if !ok {
		t.Fatalf("%T is no runtimes.Meter", m)
	}
	var u runtimes.Usage
	answer, err := meter.Measure(t.Context(), nil, request, &u)
	return u, answer, err
}

// limited calls and wants a limit reached, by name.
func (s suite) limited(t *testing.T, m runtimes.Module, request []byte, limit string) runtimes.Usage {
	t.Helper()
	u, _, err := measure(t, m, request)
	if !errors.Is(err, runtimes.ErrLimit) || !strings.Contains(err.Error(), limit) {
		t.Errorf("error %v, want ErrLimit of %s", err, limit)
	}
	return u
}

// ifAsked is a handler that runs body if the first byte of its request is not 0, and then answers nothing.
func ifAsked(body ...[]byte) []byte {
	return concat(w.Get(0), w.Load8(0), w.If(body...), w.I64(0))
}

// endless guests never end by themselves, if the first byte of the request is 1.
func endless() map[string][]byte {
	type1 := wasm.Signature("i", "")
	all := map[string][]byte{
		"a loop":            (&module{}).complete(1, 0, ifAsked(w.Loop(w.Br(0)))),
		"a loop with br_if": (&module{}).complete(1, 0, ifAsked(w.Loop(w.I32(1), w.BrIf(0)))),
		"a loop with br_table": (&module{}).complete(1, 0,
			ifAsked(w.Loop(w.I32(7), []byte{0x0e, 2, 0, 0, 0}))), // two targets and the default, all the loop
		"a loop around a loop": (&module{}).complete(1, 0, ifAsked(w.Loop(w.Loop(w.Br(1))))),
		"a loop of fills":      (&module{}).complete(1, 0, ifAsked(w.Loop(w.I32(0), w.I32(0), w.I32(page), w.Fill(), w.Br(0)))),
		"a loop of grows":      (&module{}).complete(1, 0, ifAsked(w.Loop(w.I32(0), w.Grow(), w.Do(w.Drop), w.Br(0)))),
	}
	m := &module{}
	m.Export("f", wasm.KindFunc, m.Func(wasm.Signature("", ""), 0)) // which declares it for ref.func
	all["a loop of ref.func"] = m.complete(1, 0, ifAsked(w.Loop(w.RefFunc(0), w.Do(w.Drop), w.Br(0))))
	tree, at := &module{}, uint32(0)
	for range 64 { // 2^64 calls, no loop, no recursion
		leaf := concat()
		if at > 0 {
			leaf = concat(w.Get(0), w.Call(at-1), w.Get(0), w.Call(at-1))
		}
		at = tree.Func(type1, 0, leaf) + 1
	}
	all["a call tree"] = tree.complete(1, 0, ifAsked(w.I32(1), w.Call(at-1)))
	table := &module{}
	table.Table(1)
	at = 0
	indirect := table.TypeIndex(type1)
	table.Elements(table.Func(type1, 0)) // the leaf
	for range 63 {
		down := concat(w.Get(0), w.Call(at), w.Get(0), w.Call(at), w.Get(0), w.I32(0), w.CallIndirect(indirect))
		at = table.Func(type1, 0, down)
	}
	all["an indirect call tree"] = table.complete(1, 0, ifAsked(w.I32(1), w.Call(at)))
	return all
}

// deep guests call deeper and deeper, if the first byte of the request is 1.
func deep() map[string][]byte {
	none := wasm.Signature("", "")
	all := map[string][]byte{}
	m := &module{}
	m.Func(none, 0, w.Call(0))
	all["recursion"] = m.complete(1, 0, ifAsked(w.Call(0)))

	m = &module{}
	m.Func(none, 0, w.Call(1))
	m.Func(none, 0, w.Call(0))
	all["mutual recursion"] = m.complete(1, 0, ifAsked(w.Call(0)))

	m = &module{}
	m.Table(2)
	t := m.TypeIndex(none)
	m.Elements(m.Func(none, 0, w.I32(1), w.CallIndirect(t)), m.Func(none, 0, w.I32(0), w.CallIndirect(t)))
	all["indirect recursion"] = m.complete(1, 0, ifAsked(w.Call(0)))

	m = &module{}
	m.Func(none, 1000, w.Call(0))
	all["recursion with many locals"] = m.complete(1, 0, ifAsked(w.Call(0)))

	m = &module{}
	log := m.capability("log")
	m.Func(none, 0, w.I32(0), w.I32(0), w.I32(0), w.Call(log), w.Call(1))
	all["recursion across the boundary"] = m.complete(1, 0, ifAsked(w.Call(1)))
	return all
}

// exactFuel: equal calls use equal fuel; so much is enough, and one unit less is not.
func (s suite) exactFuel(t *testing.T) {
	m := &module{}
	sign := m.capability("sign")
	again := concat(w.Get(2), w.I32(0xffffffff), w.Do(w.Add32), w.Tee(2), w.BrIf(0))
	once := concat(callFrom(sign, capabilityType("sign"), 0, 0, 200, outAt, 200), w.Do(w.Drop))
	loop := m.complete(1, 0, w.I32(1000), w.Set(2), w.Loop(once, again), w.I64(0))
	branch := (&module{}).complete(1, 0, ifAsked(bytes.Repeat(concat(w.I32(1), w.Do(w.Drop)), 1000))) // no yield in it
	for name, guest := range map[string][]byte{"a loop of host functions": loop, "a branch at the end": branch} {
		t.Run(name, func(t *testing.T) {
			p := program(guest, replying("signature"))
			loaded := s.load(t, p)
			first, _, err := measure(t, loaded, []byte{1})
			if err != nil || first.Fuel < 1000 || first.Memory != page {
				t.Fatalf("%+v, %v", first, err)
			}
			for range 3 {
				if u, _, err := measure(t, loaded, []byte{1}); err != nil || u != first {
					t.Errorf("%+v, %v; the first time %+v", u, err, first)
				}
			}
			p.Limits.Fuel = first.Fuel
			if u, _, err := measure(t, s.load(t, p), []byte{1}); err != nil || u != first {
				t.Errorf("with exactly enough: %+v, %v; want %+v", u, err, first)
			}
			p.Limits.Fuel--
			s.limited(t, s.load(t, p), []byte{1}, "fuel")
		})
	}
}

// hostFuel: a host function costs more the more it moves.
func (s suite) hostFuel(t *testing.T) {
	const large = 32 << 10
	for _, f := range []struct {
		name string
		with func(n uint64) []uint64
	}{
		{"audit", func(n uint64) []uint64 { return []uint64{page, n / 2} }},
		{"sign", func(n uint64) []uint64 { return []uint64{0, page, n / 2, page, n / 2} }},
		{"infer", func(n uint64) []uint64 { return []uint64{0, page, n, 0, 0} }},
		{"infer", func(n uint64) []uint64 { return []uint64{0, 0, 0, page, n} }},
		{"read", func(n uint64) []uint64 { return []uint64{0, 0, page, n} }},
	} {
		t.Run(f.name, func(t *testing.T) {
			m := &module{}
			p := program(callerOf(m, m.capability(f.name), capabilityType(f.name), 2), replying(strings.Repeat("x", large)))
			p.Assets = [][]byte{make([]byte, large)}
			rate := uint64(64)
			if f.name == "audit" {
				rate = 128
			}
			s.costs(t, s.load(t, p), large, rate, f.with)
		})
	}
	t.Run("random_get", func(t *testing.T) {
		m, typ := &module{}, wasm.Signature("ii", "i")
		guest := callerOf(m, m.Import(abi.WASIModule, "random_get", typ), typ, 2)
		s.costs(t, s.load(t, program(guest, &host{})), large, 64, func(n uint64) []uint64 { return []uint64{page, n} })
	})
	t.Run("lines", func(t *testing.T) {
		m := s.load(t, program(printer(), &host{}))
		used := func(text string) uint64 {
			u, _, _ := measure(t, m, append([]byte{1}, text...))
			return u.Fuel
		}
		if one, ten := used(strings.Repeat("x", 9)+"\n"), used(strings.Repeat("\n", 10)); ten != one+900 {
			t.Errorf("a line costs %d units, ten %d", one, ten)
		}
	})
}

// costs holds what a call with nothing to move costs against one with so many bytes.
func (s suite) costs(t *testing.T, m runtimes.Module, bytes, rate uint64, with func(n uint64) []uint64) {
	t.Helper()
	used := func(n uint64) uint64 {
		u, _, err := measure(t, m, callerRequest{params: with(n)}.bytes())
		if err != nil {
			t.Error(err)
		}
		return u.Fuel
	}
	if none, all := used(0), used(bytes); none < 100 || all != none+bytes/rate {
		t.Errorf("%d units, with %d bytes %d", none, bytes, all)
	}
}

// collects: a guest that spins does not hold up Go's collector, which would hold up the whole host.
func (s suite) collects(t *testing.T) {
	m := s.load(t, program(endless()["a loop"], &host{}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := m.Call(ctx, nil, []byte{1})
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond)
	best := time.Hour
	for range 5 {
		before := time.Now()
		runtime.GC()
		best = min(best, time.Since(before))
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the guest ended with %v", err)
	}
	if best > 200*time.Millisecond { // it would be as long as the guest spins; the benchmark says how short it is
		t.Errorf("a collection took %v beside a guest that spins", best)
	}
}
