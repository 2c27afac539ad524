package runtimes

import (
	"context"
	"errors"
	"runtime/debug"
	"testing"

	"golang.org/x/sys/unix"
)

// A fixed module answers the same words, or fails after it.
type fixed struct {
	words string
	err   error
}

func (f fixed) Call(_ context.Context, dst, _ []byte) ([]byte, error) {
	return append(dst, f.words...), f.err
}
func (fixed) Close(context.Context) error { return nil }

func TestFillOfAModuleThatOnlyAnswers(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		module fixed
		want   error
	}{
		{fixed{"four", nil}, nil}, {fixed{"five!", nil}, ErrBadOutput}, {fixed{"six", nil}, ErrBadOutput}, {fixed{"four", broken}, broken},
	} {
		room, u := []byte("????!"), Usage{Fuel: 1}
		err := Fill(t.Context(), tt.module, room[:4], nil, &u)
		want := "????!"
		if tt.want == nil {
			want = "four!"
		}
		if !errors.Is(err, tt.want) || string(room) != want || u != (Usage{}) {
			t.Errorf("%+v: %v, %q, %+v", tt.module, err, room, u)
		}
	}
}

func TestTransfer(t *testing.T) {
	dst := make([]byte, 4)
	if err := Transfer(dst, []byte("four")); err != nil || string(dst) != "four" {
		t.Errorf("%q, %v", dst, err)
	}
	nothing, err := unix.Mmap(-1, 0, 4096, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(nothing)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if err := Transfer(dst, nothing[:4]); !errors.Is(err, ErrNoPage) {
		t.Errorf("from nowhere: %v", err)
	}
	if err := Transfer(nothing[:4], dst); !errors.Is(err, ErrNoPage) {
		t.Errorf("to nowhere: %v", err)
	}
}
