package runtimetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
)

// fills asks for answers of a length that the caller knows.
func (s suite) fills(t *testing.T) {
	p := program(quoter(), &host{})
	m := s.load(t, p)
	const untouched = "untouched"
	for _, tt := range []struct {
		name    string
		request []byte
		room    int
		want    error
	}{
		{"fits", packed(inputAt, 8, false), 8, nil},
		{"nothing", packed(0, 0, false), 0, nil},
		{"a byte short", packed(inputAt, 7, false), 8, runtimes.ErrBadOutput},
		{"a byte long", packed(inputAt, 9, false), 8, runtimes.ErrBadOutput},
		{"nothing for something", packed(0, 0, false), 8, runtimes.ErrBadOutput},
		{"something for nothing", packed(inputAt, 1, false), 0, runtimes.ErrBadOutput},
		{"behind memory", packed(page-4, 8, false), 8, runtimes.ErrBadOutput},
		{"too long", packed(0, abi.MaxAnswer+1, false), 8, runtimes.ErrBadOutput},
		{"error answer", packed(inputAt, 3, true), 8, &runtimes.GuestError{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			whole := []byte(untouched)
			var u runtimes.Usage
			err := m.(runtimes.Filler).Fill(t.Context(), whole[:tt.room], tt.request, &u)
			_, guest := errors.AsType[*runtimes.GuestError](err)
			if _, wanted := errors.AsType[*runtimes.GuestError](tt.want); wanted != guest || !guest && !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			want := untouched
			if tt.want == nil {
				want = string(tt.request[:tt.room]) + untouched[tt.room:]
			}
			if string(whole) != want {
				t.Errorf("the caller's memory is %q, want %q", whole, want)
			}
			if u.Fuel == 0 || u.Memory == 0 {
				t.Errorf("usage %+v", u)
			}
		})
	}
	t.Run("over its own request", func(t *testing.T) {
		m := s.load(t, program(echo(1<<20), &host{}))
		for _, size := range []int{0, 1, abi.InputHint + 1, 1 << 20} {
			both := bytes.Repeat([]byte("echo!"), size/5+1)[:size]
			want := bytes.Clone(both)
			var u runtimes.Usage
			if err := m.(runtimes.Filler).Fill(t.Context(), both, both, &u); err != nil || !bytes.Equal(both, want) {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		whole := []byte(untouched)
		if err := m.(runtimes.Filler).Fill(ctx, whole[:8], packed(inputAt, 8, false), &runtimes.Usage{}); !errors.Is(err, context.Canceled) || string(whole) != untouched {
			t.Errorf("%v, %q", err, whole)
		}
	})
}

// An inferring host answers infer into the guest's memory, if it fits.
type inferring struct {
	*host
	infer func(out, in []byte) ([]byte, error)
}

// Infer implements runtimes.Inferrer.
func (h inferring) Infer(_ context.Context, _ uint32, out, in []byte) ([]byte, error) {
	return h.infer(out, in)
}

// infers asks a Host that knows how to answer in place.
func (s suite) infers(t *testing.T) {
	never := &host{answer: func(context.Context, abi.Capability, uint32, []byte, []byte) ([]byte, error) {
		return nil, errors.New("infer came the long way")
	}}
	reverse := func(out, in []byte) ([]byte, error) {
		answer := bytes.Clone(in)
		for i, b := range in {
			answer[len(in)-1-i] = b
		}
		return append(out[:0:len(out)], answer...), nil
	}
	zeros := strings.Repeat("\x00", 16)
	for _, tt := range []struct {
		name  string
		infer func(out, in []byte) ([]byte, error)
		room  uint64
		n     int32
		out   string
	}{
		{"fits", reverse, 4, 4, "dcba"},
		{"with room", reverse, 8, 4, "dcba"},
		{"does not fit", reverse, 3, 4, "dcb"},
		{"no room", reverse, 0, 4, ""},
		{"nothing", func(out, _ []byte) ([]byte, error) { return out[:0], nil }, 4, 0, ""},
		{"elsewhere though it fits", func(_, in []byte) ([]byte, error) { return bytes.Clone(in), nil }, 4, 4, "abcd"},
		{"error", func([]byte, []byte) ([]byte, error) { return []byte("secret"), abi.ErrNotFound }, 8, int32(abi.ErrNotFound), ""},
		{"panic", func([]byte, []byte) ([]byte, error) { panic("infer") }, 8, int32(abi.ErrInternal), ""},
		{"too long", func([]byte, []byte) ([]byte, error) { return make([]byte, abi.MaxAnswer+1), nil }, 8, int32(abi.ErrLimit), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := s.load(t, program(caller("infer"), inferring{never, tt.infer}))
			at := dataAt(5)
			n, out := ask(t, m, callerRequest{params: []uint64{0, at, 4, outAt, tt.room}, answer: 16, data: []byte("abcd")})
			if want := (tt.out + zeros)[:16]; n != tt.n || string(out) != want {
				t.Errorf("answered %d, %q, want %d, %q", n, out, tt.n, want)
			}
		})
	}
	t.Run("out of memory's bounds", func(t *testing.T) {
		m := s.load(t, program(caller("infer"), inferring{never, func([]byte, []byte) ([]byte, error) {
			t.Error("it reached the host")
			return nil, nil
		}}))
		for _, params := range [][]uint64{{0, page - 4, 5, outAt, 8}, {0, 0, 4, page - 4, 5}, {0, 0xffffffff, 2, outAt, 8}, {0, 0, 4, 0xffffffff, 2}} {
			if n, _ := ask(t, m, callerRequest{params: params}); n != int32(abi.ErrFault) {
				t.Errorf("%x answered %d", params, n)
			}
		}
	})
	t.Run("kept", func(t *testing.T) {
		digits := func(out, _ []byte) ([]byte, error) { return append(out[:0:len(out)], "0123456789"...), nil }
		m := s.load(t, program(inferrer(), inferring{never, digits}))
		answer := call(t, m, []byte("\x04\x00\x00\x00\x04\x00\x00\x00\x10\x00\x00\x00")) // room 4, the rest from 4 on, room 16
		if string(answer[8:12]) != "0123" || string(answer[24:30]) != "456789" {
			t.Errorf("got %q", answer)
		}
	})
	t.Run("onto its input", func(t *testing.T) {
		m := &module{}
		infer := m.capability("infer")
		over := m.complete(1, 0, w.I32(0), w.Get(0), w.Get(1), w.Get(0), w.Get(1), w.Call(infer), w.Do(w.Drop), w.Get(0), w.Get(1), pack())
		if got := call(t, s.load(t, program(over, inferring{never, reverse})), []byte("abcdef")); string(got) != "fedcba" {
			t.Errorf("got %q", got)
		}
	})
}
