package abi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"testing"
)

func progress(done, total float64) []byte {
	b := binary.LittleEndian.AppendUint64(nil, math.Float64bits(done))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(total))
}

func TestRatio(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte // after 1 of 4
		ok   bool
	}{
		{"more", progress(2, 4), true},
		{"as much", progress(1, 4), true},
		{"more than all", progress(5, 4), true},
		{"less", progress(0.5, 4), false},
		{"another total", progress(2, 5), false},
		{"no total", progress(2, 0), false},
		{"no number", progress(math.NaN(), 4), false},
		{"a total that is no number", progress(2, math.NaN()), false},
		{"without end", progress(math.Inf(1), 4), false},
		{"short", progress(2, 4)[:15], false},
		{"long", append(progress(2, 4), 0), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r Ratio
			if err := r.Report(progress(1, 4)); err != nil {
				t.Fatal(err)
			}
			before := r
			if err := r.Report(tt.in); (err == nil) != tt.ok || err != nil && err != ErrInvalid {
				t.Errorf("error %v, allowed %v", err, tt.ok)
			}
			if (r == before) != (!tt.ok || tt.name == "as much") {
				t.Errorf("%+v after %+v", r, before)
			}
		})
	}
	for _, in := range [][]byte{progress(-1, 4), progress(0, -1), progress(0, math.Inf(1)), nil} {
		if r := (Ratio{}); r.Report(in) == nil {
			t.Errorf("first report %x was taken", in)
		}
	}
}

func TestErrnoOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Errno
	}{
		{ErrDenied, ErrDenied}, {fmt.Errorf("key: %w", ErrNotFound), ErrNotFound}, {ErrInternal, ErrInternal},
		{errors.New("disk on fire"), ErrInternal}, {Errno(-9), ErrInternal}, {Errno(0), ErrInternal}, {Errno(7), ErrInternal},
	} {
		if got := ErrnoOf(tt.err); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
	}
}
