package runtimetest

import (
	"slices"
	"testing"

	"bulkhead/abi"
)

// A window is where a host function takes a pointer and a length.
type window struct{ pointer, length int }

// A windowed is a host function that takes windows, and parameters that are good.
type windowed struct {
	name    string
	good    []uint64
	windows []window
}

func windowedFunctions() []windowed {
	data := dataAt(5)
	return []windowed{
		{"audit", []uint64{data, 2}, []window{{0, 1}}},
		{"sign", []uint64{0, data, 2, outAt, 8}, []window{{1, 2}, {3, 4}}},
		{"attest", []uint64{data, 32, outAt, 8}, []window{{0, 1}, {2, 3}}},
		{"infer", []uint64{0, data, 2, outAt, 8}, []window{{1, 2}, {3, 4}}},
		{"read", []uint64{0, 0, outAt, 8}, []window{{2, 3}}},
		{"result", []uint64{0, outAt, 8}, []window{{1, 2}}},
	}
}

// badWindows are pairs of address and length outside a memory of one page, however one adds them up.
func badWindows() [][2]uint64 {
	const top = 0xffffffff
	return [][2]uint64{
		{page, 1}, {page - 1, 2}, {page + 1, 0}, {0, page + 1}, {1, page}, {0, top}, {1, top}, {top, 0}, {top, 1},
		{top, 2}, {top, top}, {top - 31, 32}, {top - 31, 64}, {1 << 31, 1 << 31}, {1 << 31, 16}, {page, top - page + 1},
		{page - 16, top}, {outAt, top - outAt + 1}, {outAt, top - outAt + 17},
	}
}

// pointers: every window of every host function, against every way to point outside.
func (s suite) pointers(t *testing.T) {
	for _, f := range windowedFunctions() {
		t.Run(f.name, func(t *testing.T) {
			h := replying("answer")
			p := program(caller(f.name), h)
			p.Assets = [][]byte{[]byte("asset")}
			m := s.load(t, p)
			if n, _ := ask(t, m, callerRequest{params: f.good}); n < 0 && f.name != "result" {
				t.Fatalf("good parameters answered %d", n)
			}
			h.seen()
			for _, w := range f.windows {
				for _, bad := range badWindows() {
					params := slices.Clone(f.good)
					params[w.pointer], params[w.length] = bad[0], bad[1]
					if n, _ := ask(t, m, callerRequest{params: params}); n != int32(abi.ErrFault) {
						t.Errorf("parameters %#x answered %d, want %d", params, n, abi.ErrFault)
					}
				}
			}
			if calls := h.seen(); len(calls) > 0 {
				t.Errorf("%d calls reached the host", len(calls))
			}
		})
	}
	t.Run("log", func(t *testing.T) {
		h := &host{}
		m := s.load(t, program(caller("log"), h))
		for _, bad := range badWindows() {
			ask(t, m, callerRequest{params: []uint64{1, bad[0], bad[1]}})
		}
		if calls := h.seen(); len(calls) > 0 {
			t.Errorf("%d lines reached the host", len(calls))
		}
	})
	t.Run("edges", func(t *testing.T) {
		h := replying("answer")
		m := s.load(t, program(caller("sign"), h))
		for _, params := range [][]uint64{
			{0, page - 1, 1, outAt, 8}, {0, page, 0, outAt, 8}, {0, 0, 1, page - 6, 6}, {0, 0, 1, page, 0},
			{1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40}, // an i32 has 32 bits
		} {
			if n, _ := ask(t, m, callerRequest{params: params}); n != 6 {
				t.Errorf("parameters %#x answered %d, want 6", params, n)
			}
		}
	})
}

// sizes: inputs of the ABI's limits and one beyond, and what the host gets.
func (s suite) sizes(t *testing.T) {
	big := func(name string) []byte {
		m := &module{}
		return callerOf(m, m.capability(name), capabilityType(name), abi.MaxRequest/page+3)
	}
	for _, tt := range []struct {
		name   string
		params func(size uint64) []uint64
		good   []uint64
		bad    []uint64
		errno  abi.Errno
	}{
		{"audit", func(n uint64) []uint64 { return []uint64{0, n} }, []uint64{0, abi.MaxAuditObject}, []uint64{abi.MaxAuditObject + 1}, abi.ErrLimit},
		{"sign", func(n uint64) []uint64 { return []uint64{3, 0, n, 0, 0} }, []uint64{0, abi.MaxSignInput}, []uint64{abi.MaxSignInput + 1}, abi.ErrLimit},
		{"attest", func(n uint64) []uint64 { return []uint64{0, n, 0, 0} }, []uint64{abi.MinNonce, abi.MaxNonce}, []uint64{0, abi.MinNonce - 1, abi.MaxNonce + 1}, abi.ErrInvalid},
		{"infer", func(n uint64) []uint64 { return []uint64{4, 0, n, 0, 0} }, []uint64{0, abi.MaxRequest}, []uint64{abi.MaxRequest + 1}, abi.ErrLimit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &host{}
			m := s.load(t, program(big(tt.name), h))
			for _, size := range tt.good {
				if n, _ := ask(t, m, callerRequest{params: tt.params(size)}); n != 0 {
					t.Errorf("%d bytes answered %d, want 0", size, n)
				}
				calls := h.seen()
				if len(calls) != 1 || uint64(len(calls[0].in)) != size || calls[0].capability.String() != tt.name {
					t.Errorf("%d bytes: the host saw %d calls", size, len(calls))
				}
				if slot := tt.params(size)[0]; len(tt.params(size)) == 5 && calls[0].slot != uint32(slot) {
					t.Errorf("slot %d arrived as %d", slot, calls[0].slot)
				}
			}
			for _, size := range tt.bad {
				if n, _ := ask(t, m, callerRequest{params: tt.params(size)}); n != int32(tt.errno) || len(h.seen()) > 0 {
					t.Errorf("%d bytes answered %d, want %d and no call of the host", size, n, tt.errno)
				}
			}
		})
	}
}
