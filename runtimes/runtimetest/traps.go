package runtimetest

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

func (s suite) traps(t *testing.T) {
	for _, tt := range []struct {
		name string
		body []byte
	}{
		{"unreachable", w.Do(w.Unreachable)},
		{"division by zero", concat(w.I32(1), w.I32(0), w.Do(w.Div32), w.Do(w.Drop))},
		{"load behind memory", concat(w.I32(page-3), w.Load32(0), w.Do(w.Drop))},
		{"load far behind memory", concat(w.I32(0xffffffff), w.Load32(0xffffffff), w.Do(w.Drop))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := s.load(t, program((&module{}).complete(1, 0, tt.body, w.I64(0)), &host{}))
			for range 2 {
				if _, err := m.Call(t.Context(), nil, nil); !errors.Is(err, runtimes.ErrTrap) {
					t.Errorf("error %v, want ErrTrap", err)
				}
			}
		})
	}
}

func (s suite) memory(t *testing.T) {
	limited := func(module []byte, pages uint64) runtimes.Program {
		p := program(module, &host{})
		p.Limits.Memory = pages * page
		return p
	}
	grow := func(t *testing.T, m runtimes.Module, pages uint32) int32 {
		t.Helper()
		return int32(binary.LittleEndian.Uint32(call(t, m, binary.LittleEndian.AppendUint32(nil, pages))))
	}
	t.Run("grows up to the limit in every call", func(t *testing.T) {
		for _, max := range []uint32{0, 4, 1 << 16} { // no maximum, the limit, above it
			m := s.load(t, limited(grower(1, max), 4))
			for range 2 {
				if got := grow(t, m, 3); got != 1 {
					t.Errorf("growing to the limit: %d, want 1", got)
				}
				if got := grow(t, m, 4); got != -1 {
					t.Errorf("growing over the limit: %d, want -1", got)
				}
				if got := grow(t, m, 0xffffffff); got != -1 {
					t.Errorf("growing by 2^32 - 1: %d, want -1", got)
				}
			}
		}
	})
	t.Run("tables are no way around it", func(t *testing.T) {
		m := &module{}
		m.Table(1)
		loaded := s.load(t, program(m.complete(1, 0,
			w.I32(resultAt), w.TableGrow(concat(w.Get(0), w.Load32(0))), w.Store32(0), w.I32(resultAt), w.I32(4), pack()), &host{}))
		if got := grow(t, loaded, wasm.MaxElements-1); got != 1 {
			t.Errorf("growing to the limit: %d, want 1", got)
		}
		for _, by := range []uint32{wasm.MaxElements, 1 << 24, 0xffffffff} {
			if got := grow(t, loaded, by); got != -1 {
				t.Errorf("growing by %d: %d, want -1", by, got)
			}
		}
		m = &module{}
		m.Table(wasm.MaxElements + 1)
		if err := s.refused(t, program(m.complete(1, 0, w.I64(0)), &host{}), "elements"); !errors.Is(err, runtimes.ErrLimit) {
			t.Errorf("too large from the start: %v", err)
		}
	})
	t.Run("its own maximum holds", func(t *testing.T) {
		if got := grow(t, s.load(t, limited(grower(1, 2), 4)), 2); got != -1 {
			t.Errorf("growing over the maximum: %d, want -1", got)
		}
	})
	t.Run("starts above the limit", func(t *testing.T) {
		if err := s.refused(t, limited(grower(5, 0), 4)); !errors.Is(err, runtimes.ErrLimit) {
			t.Errorf("error %v, want ErrLimit", err)
		}
	})
	t.Run("limit in bytes is rounded down", func(t *testing.T) {
		p := limited(grower(1, 0), 1)
		p.Limits.Memory += page - 1
		if got := grow(t, s.load(t, p), 1); got != -1 {
			t.Errorf("growing over one page: %d, want -1", got)
		}
	})
	t.Run("smallest limit is a page", func(t *testing.T) {
		p := limited(grower(1, 0), 0)
		p.Limits.Memory = 1
		grow(t, s.load(t, p), 0)
	})
}

func (s suite) limits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*runtimes.Program)
	}{
		{"no memory limit", func(p *runtimes.Program) { p.Limits.Memory = 0 }},
		{"memory limit above 4 GiB", func(p *runtimes.Program) { p.Limits.Memory = 1<<32 + 1 }},
		{"answer limit above the ABI's", func(p *runtimes.Program) { p.Limits.Answer = abi.MaxAnswer + 1 }},
		{"no timeout", func(p *runtimes.Program) { p.Limits.Timeout = 0 }},
		{"timeout below 1 ms", func(p *runtimes.Program) { p.Limits.Timeout = time.Millisecond - 1 }},
		{"timeout above the maximum", func(p *runtimes.Program) { p.Limits.Timeout = runtimes.MaxTimeout + 1 }},
		{"no fuel", func(p *runtimes.Program) { p.Limits.Fuel = 0 }},
		{"fuel above the maximum", func(p *runtimes.Program) { p.Limits.Fuel = runtimes.MaxFuel + 1 }},
		{"too many instances", func(p *runtimes.Program) { p.Limits.Instances = runtimes.MaxInstances + 1 }},
		{"instances below zero", func(p *runtimes.Program) { p.Limits.Instances = -1 }},
		{"no host", func(p *runtimes.Program) { p.Host = nil }},
		{"too many assets", func(p *runtimes.Program) { p.Assets = make([][]byte, abi.MaxSlots+1) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := program(echo(0), &host{})
			tt.change(&p)
			s.refused(t, p)
		})
	}
	t.Run("memory limit of 4 GiB", func(t *testing.T) {
		p := program(echo(0), &host{})
		p.Limits.Memory = 1 << 32
		call(t, s.load(t, p), []byte("small"))
		p.Wasm = grower(1, 0) // to 4 GiB and not a byte less: its length would not fit in 32 bits
		if got := int32(binary.LittleEndian.Uint32(call(t, s.load(t, p), []byte{0xff, 0xff, 0, 0}))); got != -1 {
			t.Errorf("growing to 4 GiB: %d, want -1", got)
		}
	})
}

func concat(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
