package runtimetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"bulkhead/abi"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
)

func (s suite) hostErrors(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		errno abi.Errno
	}{
		{"denied", abi.ErrDenied, abi.ErrDenied},
		{"wrapped", fmt.Errorf("reading key: %w", abi.ErrNotFound), abi.ErrNotFound},
		{"of another kind", errors.New("disk on fire"), abi.ErrInternal},
		{"no errno of ABI v1", abi.Errno(-9), abi.ErrInternal},
		{"success as an error", abi.Errno(0), abi.ErrInternal},
		{"a length as an error", abi.Errno(7), abi.ErrInternal},
		{"panic", nil, abi.ErrInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
				if tt.err == nil {
					panic(tt.name)
				}
				return append(dst, "secret"...), tt.err
			}}
			for _, f := range windowedFunctions()[:4] {
				m := s.load(t, program(caller(f.name), h))
				n, out := ask(t, m, callerRequest{params: f.good, answer: 8})
				if n != int32(tt.errno) {
					t.Errorf("%s answered %d, want %d", f.name, n, tt.errno)
				}
				if string(out) != "\x00\x00\x00\x00\x00\x00\x00\x00" {
					t.Errorf("%s was refused but wrote %q", f.name, out)
				}
			}
			for _, name := range []string{"log", "progress"} {
				ask(t, s.load(t, program(caller(name), h)), callerRequest{params: []uint64{0, 0, 0}[:len(capabilityType(name).Params)]})
			}
		})
	}
}

// inferrer asks the model, then calls result with the offset, room at outAt and capacity of its request, and answers both
// numbers and 32 bytes from outAt on.
func inferrer() []byte {
	m := &module{}
	infer, result := m.capability("infer"), m.capability("result")
	return m.complete(1, 0,
		w.I32(resultAt), w.I32(0), w.I32(0), w.I32(0), w.I32(outAt), w.Get(0), w.Load32(0), w.Call(infer), w.Store32(0),
		w.I32(resultAt), w.Get(0), w.Load32(4), w.I32(outAt+16), w.Get(0), w.Load32(8), w.Call(result), w.Store32(4),
		w.I32(resultAt), w.I32(8+32), pack())
}

func (s suite) keptAnswers(t *testing.T) {
	m := s.load(t, program(inferrer(), replying("0123456789")))
	for _, tt := range []struct {
		name                 string
		room, offset, second uint32
		length, remaining    int32
		out                  string
	}{
		{"fits: nothing is kept", 10, 0, 16, 10, int32(abi.ErrNotFound), "0123456789"},
		{"fits with room: nothing behind it is touched", 16, 0, 16, 10, int32(abi.ErrNotFound), "0123456789"},
		{"all again", 4, 0, 16, 10, 10, "0123............0123456789"},
		{"the rest", 4, 4, 16, 10, 6, "0123............456789"},
		{"part of the rest", 4, 4, 2, 10, 6, "0123............45"},
		{"asking for the length alone", 0, 0, 0, 10, 10, ""},
		{"at the end", 9, 10, 16, 10, 0, "012345678"},
		{"past the end", 9, 11, 16, 10, 0, "012345678"},
		{"far past the end", 9, math.MaxUint32, 16, 10, 0, "012345678"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var request []byte
			for _, n := range []uint32{tt.room, tt.offset, tt.second} {
				request = binary.LittleEndian.AppendUint32(request, n)
			}
			answer := call(t, m, request)
			length, remaining := int32(binary.LittleEndian.Uint32(answer)), int32(binary.LittleEndian.Uint32(answer[4:]))
			want := append([]byte(strings.ReplaceAll(tt.out, ".", "\x00")), make([]byte, 32)...)[:32]
			if length != tt.length || remaining != tt.remaining || !bytes.Equal(answer[8:], want) {
				t.Errorf("got %d, %d, %q; want %d, %d, %q", length, remaining, answer[8:], tt.length, tt.remaining, want)
			}
		})
	}
	t.Run("until the next that does not fit", func(t *testing.T) {
		m := &module{}
		infer, sign, result := m.capability("infer"), m.capability("sign"), m.capability("result")
		ask := func(function, room uint32) []byte {
			return concat(w.I32(0), w.I32(0), w.I32(0), w.I32(outAt), w.I32(room), w.Call(function), w.Do(w.Drop))
		}
		take := func(at uint32) []byte { return concat(w.I32(0), w.I32(at), w.I32(5), w.Call(result), w.Do(w.Drop)) }
		h := &host{answer: func(_ context.Context, c abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
			return append(dst, c.String()...), nil
		}}
		guest := m.complete(1, 0, ask(infer, 4), ask(sign, 5), take(resultAt), ask(sign, 3), take(resultAt+5), w.I32(resultAt), w.I32(9), pack())
		if got := call(t, s.load(t, program(guest, h)), nil); string(got) != "infersign" {
			t.Errorf("kept %q, want infer, then sign", got)
		}
	})
	t.Run("not from the call before", func(t *testing.T) {
		m := &module{}
		infer, result := m.capability("infer"), m.capability("result")
		ask := concat(w.I32(0), w.I32(0), w.I32(0), w.I32(outAt), w.I32(4), w.Call(infer), w.Do(w.Drop))
		guest := m.complete(1, 0, w.Get(0), w.Load8(0), w.If(ask),
			w.I32(resultAt), w.I32(0), w.I32(outAt), w.I32(8), w.Call(result), w.Store32(0), w.I32(resultAt), w.I32(4), pack())
		loaded := s.load(t, program(guest, replying("0123456789")))
		for _, asks := range []byte{1, 0, 1, 0} {
			want := int32(abi.ErrNotFound)
			if asks == 1 {
				want = 10
			}
			if n := int32(binary.LittleEndian.Uint32(call(t, loaded, []byte{asks}))); n != want {
				t.Errorf("result answered %d, want %d", n, want)
			}
		}
	})
	t.Run("not from nowhere", func(t *testing.T) {
		h := replying("0123456789")
		m := s.load(t, program(caller("result"), h))
		if n, _ := ask(t, m, callerRequest{params: []uint64{0, outAt, 8}}); n != int32(abi.ErrNotFound) {
			t.Errorf("answered %d, want %d", n, abi.ErrNotFound)
		}
	})
	t.Run("answer over the limit", func(t *testing.T) {
		m := s.load(t, program(caller("infer"), replying(strings.Repeat("x", abi.MaxAnswer+1))))
		if n, _ := ask(t, m, callerRequest{params: []uint64{0, 0, 0, 0, 0}}); n != int32(abi.ErrLimit) {
			t.Errorf("answered %d, want %d", n, abi.ErrLimit)
		}
	})
}

func (s suite) assets(t *testing.T) {
	p := program(caller("read"), &host{})
	p.Assets = [][]byte{[]byte("first"), {}}
	m := s.load(t, p)
	for _, tt := range []struct {
		slot, offset, room uint64
		want               int32
		out                string
	}{
		{0, 0, 8, 5, "first\x00\x00\x00"},
		{0, 0, 0, 5, "\x00"},
		{0, 3, 8, 2, "st\x00"},
		{0, 1, 2, 4, "ir\x00"},
		{0, 5, 8, 0, "\x00"},
		{0, math.MaxUint32, 8, 0, "\x00"},
		{1, 0, 8, 0, "\x00"},
		{2, 0, 8, int32(abi.ErrNotFound), "\x00"},
		{math.MaxUint32, 0, 8, int32(abi.ErrNotFound), "\x00"},
	} {
		n, out := ask(t, m, callerRequest{params: []uint64{tt.slot, tt.offset, outAt, tt.room}, answer: uint32(len(tt.out))})
		if n != tt.want || string(out) != tt.out {
			t.Errorf("read(%d, %d) of %d bytes: %d %q, want %d %q", tt.slot, tt.offset, tt.room, n, out, tt.want, tt.out)
		}
	}
}

// overlap: the host reads the input as it was, wherever the answer goes.
func (s suite) overlap(t *testing.T) {
	h := &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, in []byte) ([]byte, error) {
		for range 4 { // writes before it reads, as a streaming host may
			dst = append(dst, '-')
		}
		return append(dst, in...), nil
	}}
	for _, at := range []uint64{outAt, outAt + 2, outAt - 2, outAt + 4} {
		fill := &module{}
		infer := fill.capability("infer")
		fill.Data(uint32(at), []byte("input"))
		m := s.load(t, program(fill.complete(1, 0,
			w.I32(0), w.I32(uint32(at)), w.I32(5), w.I32(outAt), w.I32(16), w.Call(infer), w.Do(w.Drop), w.I32(outAt), w.I32(9), pack()), h))
		if got := call(t, m, nil); string(got) != "----input" {
			t.Errorf("input at %+d of the output: %q", int64(at)-outAt, got)
		}
	}
}

func (s suite) log(t *testing.T) {
	h := &host{}
	m := s.load(t, program(caller("log"), h))
	long := bytes.Repeat([]byte("x"), abi.MaxLogLine)
	for _, tt := range []struct {
		level, want uint64
		line, out   string
	}{
		{0, 0, "debug", "debug"},
		{1, 1, "", ""},
		{3, 3, "error\x1b[2J", "error\x1b[2J"},
		{4, 3, "no such level", "no such level"},
		{math.MaxUint32, 3, "no such level", "no such level"},
		{2, 2, string(long), string(long)},
		{2, 2, string(long) + "y", string(long)},
		{2, 2, string(long[1:]) + "é", string(long[1:])},
	} {
		ask(t, m, callerRequest{params: []uint64{tt.level, dataAt(3), uint64(len(tt.line))}, data: []byte(tt.line)})
		if calls := h.seen(); len(calls) != 1 || calls[0].slot != uint32(tt.want) || calls[0].in != tt.out {
			t.Errorf("%d %.20q: the host saw %.60v", tt.level, tt.line, calls)
		}
	}
}

func (s suite) progress(t *testing.T) {
	h := &host{}
	m := &module{}
	progress := m.capability("progress")
	report := func(done, total float64) []byte { return concat(w.F64(done), w.F64(total), w.Call(progress)) }
	loaded := s.load(t, program(m.complete(1, 0,
		report(-1, 4), report(math.NaN(), 4), report(1, math.Inf(1)), report(1, 4), report(1, 4), report(0.5, 4), report(2, 5), report(2, math.NaN()),
		report(math.Inf(1), 4), report(3, 4), w.I64(0)), h))
	for range 2 {
		call(t, loaded, nil)
		var got []float64
		for _, c := range h.seen() {
			if c.capability != abi.Progress || len(c.in) != 16 {
				t.Fatalf("the host saw %v", c)
			}
			got = append(got, math.Float64frombits(binary.LittleEndian.Uint64([]byte(c.in))))
		}
		if fmt.Sprint(got) != "[1 1 3]" {
			t.Errorf("progress %v, want what is finite, does not fall and keeps its total: [1 1 3]", got)
		}
	}
}
