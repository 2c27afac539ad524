package runtimetest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
)

func (s suite) answers(t *testing.T) {
	m := s.load(t, program(echo(abi.MaxRequest), &host{}))
	for _, size := range []int{0, 1, abi.InputHint, abi.InputHint + 1, abi.MaxRequest} {
		request := bytes.Repeat([]byte("echo"), size/4+1)[:size]
		answer, err := m.Call(t.Context(), []byte("before:"), request)
		if err != nil || !bytes.HasPrefix(answer, []byte("before:")) || !bytes.Equal(answer[7:], request) {
			t.Errorf("%d bytes: got %d bytes back, error %v", size, len(answer), err)
		}
	}
	m = s.load(t, program((&module{}).complete(abi.MaxRequest/page+2, 0, w.I64(0)), &host{}))
	if _, err := m.Call(t.Context(), nil, make([]byte, abi.MaxRequest+1)); !errors.Is(err, runtimes.ErrLimit) {
		t.Errorf("a byte too many: error %v, want ErrLimit", err)
	}
	t.Run("a large request gets a buffer of its own", func(t *testing.T) {
		own := &module{}
		own.memory(1, 0)
		own.input(w.I32(inputAt), w.Get(0), w.Do(w.Add32))
		own.handle(w.I32(resultAt), w.Get(0), w.Store32(0), w.I32(resultAt), w.I32(4), pack())
		m := s.load(t, program(own.Bytes(), &host{}))
		for size, want := range map[uint32]uint32{1: abi.InputHint, abi.InputHint: abi.InputHint, abi.InputHint + 1: abi.InputHint + 1} {
			if got := binary.LittleEndian.Uint32(call(t, m, make([]byte, size))); got != inputAt+want {
				t.Errorf("%d bytes at %d, want them in the buffer of %d at %d", size, got, want, inputAt+want)
			}
		}
	})
}

// packed is the request that makes a quoter return a result.
func packed(address, length uint32, failed bool) []byte {
	return binary.LittleEndian.AppendUint64(nil, abi.Result{Address: address, Length: length, Failed: failed}.Pack())
}

func (s suite) lies(t *testing.T) {
	p := program(quoter(), &host{})
	p.Limits.Answer = 100
	m := s.load(t, p)
	for _, tt := range []struct {
		name    string
		request []byte
		want    error
	}{
		{"nothing", packed(0, 0, false), nil},
		{"nothing, anywhere", packed(0xffffffff, 0, false), nil},
		{"first byte", packed(0, 1, false), nil},
		{"last byte", packed(page-1, 1, false), nil},
		{"largest", packed(0, 100, false), nil},
		{"one over the limit", packed(0, 101, false), runtimes.ErrLimit},
		{"all of memory", packed(0, page, false), runtimes.ErrLimit},
		{"behind memory", packed(page, 1, false), runtimes.ErrBadOutput},
		{"straddling the end", packed(page-1, 2, false), runtimes.ErrBadOutput},
		{"longest", packed(0, 1<<31-1, false), runtimes.ErrBadOutput},
		{"wrapping 32 bits", packed(0xffffffff, 2, false), runtimes.ErrBadOutput},
		{"wrapping to the start", packed(0xffffff9c, 100, false), runtimes.ErrBadOutput},
		{"all bits", bytes.Repeat([]byte{0xff}, 8), runtimes.ErrBadOutput},
		{"error behind memory", packed(page, 1, true), runtimes.ErrBadOutput},
		{"error too long", packed(0, abi.MaxGuestError+1, true), runtimes.ErrBadOutput},
		{"error not UTF-8", append(packed(inputAt+8, 2, true), 0xc3, 0x28), runtimes.ErrBadOutput},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := m.Call(t.Context(), nil, tt.request); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	t.Run("error answers", func(t *testing.T) {
		for _, text := range []string{"", "broken", strings.Repeat("é", abi.MaxGuestError/2)} {
			_, err := m.Call(t.Context(), nil, append(packed(inputAt+8, uint32(len(text)), true), text...))
			if failure, ok := errors.AsType[*runtimes.GuestError](err); !ok || failure.Text != text {
				t.Errorf("error %v, want a *GuestError with %d bytes", err, len(text))
			}
		}
	})
}
