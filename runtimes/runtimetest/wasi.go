package runtimetest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasi"
	"bulkhead/runtimes/wasm"
)

func (s suite) wasi(t *testing.T) {
	t.Run("every name links", func(t *testing.T) {
		m := &module{}
		for _, f := range wasi.New().Functions() {
			m.Import(abi.WASIModule, f.Name, f.Type)
		}
		s.load(t, program(m.complete(1, 0, w.I64(0)), &host{}))
	})
	t.Run("random bytes differ in every call", func(t *testing.T) {
		m := s.load(t, program(wasiCaller("random_get", "ii", "i"), &host{}))
		seen := map[string]bool{}
		for range 4 {
			n, random := ask(t, m, callerRequest{params: []uint64{outAt, 16}, answer: 16})
			if n != 0 || seen[string(random)] || bytes.Equal(random, make([]byte, 16)) {
				t.Errorf("errno %d, bytes % x", n, random)
			}
			seen[string(random)] = true
		}
	})
	const fault, inval, badf, nosys = 21, 28, 8, 52
	for _, tt := range []struct {
		name, params string
		with         []uint64
		errno        int32
	}{
		{"random_get", "ii", []uint64{page - 1, 2}, fault},
		{"random_get", "ii", []uint64{0xffffffff, 2}, fault},
		{"clock_time_get", "iIi", []uint64{0, 1, page - 7}, fault},
		{"clock_time_get", "iIi", []uint64{2, 1, 0}, inval},
		{"clock_res_get", "ii", []uint64{1, page - 7}, fault},
		{"clock_res_get", "ii", []uint64{2, 0}, inval},
		{"args_sizes_get", "ii", []uint64{0, page}, fault},
		{"environ_sizes_get", "ii", []uint64{page, 0}, fault},
		{"fd_write", "iiii", []uint64{0, 0, 0, 0}, badf},
		{"fd_write", "iiii", []uint64{3, 0, 0, 0}, badf},
		{"fd_write", "iiii", []uint64{1, page - 7, 1, 0}, fault},
		{"fd_write", "iiii", []uint64{1, 0, 1, page - 3}, fault},
		{"fd_write", "iiii", []uint64{1, 0, 1025, 0}, inval},
		{"fd_write", "iiii", []uint64{1, 0, 0xffffffff, 0}, inval},
		{"poll_oneoff", "iiii", []uint64{page - 47, 0, 1, 0}, fault},
		{"poll_oneoff", "iiii", []uint64{0, page - 31, 1, 0}, fault},
		{"poll_oneoff", "iiii", []uint64{0, 0, 1, page - 3}, fault},
		{"fd_read", "iiii", []uint64{0, 0, 0, 0}, badf},
		{"fd_close", "i", []uint64{1}, badf},
		{"path_open", "iiiiiIIii", make([]uint64, 9), badf},
		{"sock_accept", "iii", make([]uint64, 3), badf},
		{"proc_raise", "i", []uint64{9}, nosys},
	} {
		m := s.load(t, program(wasiCaller(tt.name, tt.params, "i"), &host{}))
		if n := int32(binary.LittleEndian.Uint32(call(t, m, callerRequest{params: tt.with, answer: 4}.bytes()))); n != tt.errno {
			t.Errorf("%s %#x: errno %d, want %d", tt.name, tt.with, n, tt.errno)
		}
	}
	t.Run("printing from outside of memory", func(t *testing.T) {
		m := s.load(t, program(wasiCaller("fd_write", "iiii", "i"), &host{}))
		for _, bad := range badWindows() {
			vectors := binary.LittleEndian.AppendUint32(make([]byte, 8), uint32(bad[0])) // a good one before
			vectors = binary.LittleEndian.AppendUint32(vectors, uint32(bad[1]))
			if n, _ := ask(t, m, callerRequest{params: []uint64{1, dataAt(4), 2, outAt}, data: vectors}); n != fault {
				t.Errorf("vector %#x: errno %d, want EFAULT", bad, n)
			}
		}
	})
	t.Run("random bytes are rationed", func(t *testing.T) {
		m, typ := &module{}, wasm.Signature("ii", "i")
		loaded := s.load(t, program(callerOf(m, m.Import(abi.WASIModule, "random_get", typ), typ, 3), &host{}))
		for size, want := range map[uint64]int32{wasi.MaxChunk: 0, wasi.MaxChunk + 1: inval} {
			if n, _ := ask(t, loaded, callerRequest{params: []uint64{page, size}}); n != want {
				t.Errorf("%d bytes: errno %d, want %d", size, n, want)
			}
		}
	})
	t.Run("clocks run in steps of 1 ms", func(t *testing.T) {
		m := s.load(t, program(wasiCaller("clock_time_get", "iIi", "i"), &host{}))
		for clock := range uint64(2) {
			_, out := ask(t, m, callerRequest{params: []uint64{clock, 1, outAt}, answer: 8})
			if now := binary.LittleEndian.Uint64(out); now == 0 || now%1e6 != 0 {
				t.Errorf("clock %d says %d ns", clock, now)
			}
		}
	})
}

func (s suite) stdio(t *testing.T) {
	long := strings.Repeat("x", abi.MaxLogLine+1)
	for _, tt := range []struct {
		name, text string
		stream     byte
		want       []hostCall
	}{
		{"a line", "hello\n", 1, []hostCall{{abi.Log, 1, "hello"}}},
		{"standard error is a warning", "hello\n", 2, []hostCall{{abi.Log, 2, "hello"}}},
		{"no newline", "hello", 1, []hostCall{{abi.Log, 1, "hello"}}},
		{"lines", "a\n\nb", 1, []hostCall{{abi.Log, 1, "a"}, {abi.Log, 1, ""}, {abi.Log, 1, "b"}}},
		{"a line too long", long + "\nb\n", 1, []hostCall{{abi.Log, 1, long[1:]}, {abi.Log, 1, "b"}}},
		{"nothing", "", 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &host{}
			answer := call(t, s.load(t, program(printer(), h)), append([]byte{tt.stream}, tt.text...))
			if errno, n := answer[0], binary.LittleEndian.Uint32(answer[4:]); errno != 0 || int(n) != len(tt.text) {
				t.Errorf("errno %d, %d bytes written, want 0, %d", errno, n, len(tt.text))
			}
			if calls := h.seen(); !slices.Equal(calls, tt.want) {
				t.Errorf("the host saw %.200v", calls)
			}
		})
	}
	t.Run("quota", func(t *testing.T) {
		h := &host{}
		answer := call(t, s.load(t, program(printer(), h)), append([]byte{1}, strings.Repeat("\n", wasi.MaxChunk+5)...))
		if n := binary.LittleEndian.Uint32(answer[4:]); n != wasi.MaxChunk {
			t.Errorf("%d bytes taken at once, want %d", n, wasi.MaxChunk)
		}
		if n := len(h.seen()); n != wasi.MaxChunk {
			t.Errorf("%d lines of one call, want %d", n, wasi.MaxChunk)
		}
	})
	t.Run("quota of each call", func(t *testing.T) {
		h := &host{}
		m := s.load(t, program(printer(), h))
		for range 3 {
			call(t, m, append([]byte{1}, strings.Repeat("\n", wasi.MaxChunk-2)...))
			if n := len(h.seen()); n != wasi.MaxChunk-2 {
				t.Errorf("%d lines of one call, want %d", n, wasi.MaxChunk-2)
			}
		}
	})
	t.Run("a line does not go on in the next call", func(t *testing.T) {
		h := &host{}
		m := s.load(t, program(printer(), h))
		call(t, m, []byte("\x01one"))
		call(t, m, []byte("\x01two\n"))
		if want := []hostCall{{abi.Log, 1, "one"}, {abi.Log, 1, "two"}}; !slices.Equal(h.seen(), want) {
			t.Error("want two lines")
		}
	})
	t.Run("without the grant", func(t *testing.T) {
		h := &host{}
		p := program(printer(), h)
		p.Grants = 0
		if call(t, s.load(t, p), []byte("\x01hello\n")); len(h.seen()) > 0 {
			t.Error("the line reached the host")
		}
	})
	t.Run("of a call that traps", func(t *testing.T) {
		h := &host{}
		m := &module{}
		write := m.Import(abi.WASIModule, "fd_write", wasm.Signature("iiii", "i"))
		m.Data(resultAt, []byte{0, 4, 0, 0, 2, 0, 0, 0}) // two bytes from 1024, which are 0, 4
		trapping := s.load(t, program(m.complete(1, 0, w.I32(2), w.I32(resultAt), w.I32(1), w.I32(0), w.Call(write), w.Do(w.Unreachable)), h))
		if _, err := trapping.Call(t.Context(), nil, nil); !errors.Is(err, runtimes.ErrTrap) {
			t.Errorf("error %v, want ErrTrap", err)
		}
		if calls := h.seen(); len(calls) != 1 || calls[0].in != "\x00\x04" {
			t.Errorf("the host saw %v, want the last words", calls)
		}
	})
}

// A printer prints the data of its request to the stream that its first byte names, in one fd_write, and
// again if it is longer than MaxChunk.
func printer() []byte {
	m := &module{}
	write := m.Import(abi.WASIModule, "fd_write", wasm.Signature("iiii", "i"))
	return m.complete(2, 0,
		w.I32(resultAt), w.Get(0), w.I32(1), w.Do(w.Add32), w.Store32(8), // address
		w.I32(resultAt), w.Get(1), w.I32(0xffffffff), w.Do(w.Add32), w.Store32(12), // length
		w.I32(resultAt), w.Get(0), w.Load8(0), w.I32(resultAt+8), w.I32(1), w.I32(resultAt+4), w.Call(write), w.Store32(0),
		w.Get(1), w.I32(wasi.MaxChunk), w.Do(w.Div32), w.If(
			w.Get(0), w.Load8(0), w.I32(resultAt+8), w.I32(1), w.I32(resultAt+4), w.Call(write), w.Do(w.Drop)),
		w.I32(resultAt), w.I32(8), pack())
}
