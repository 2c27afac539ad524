package sdk

import (
	"errors"
	"testing"

	"bulkhead/abi"
)

func start(b []byte) *byte { return &b[0] }

func TestInboxRoom(t *testing.T) {
	var i inbox
	first := i.room(0)
	if len(first) != abi.InputHint {
		t.Errorf("the first buffer has %d bytes", len(first))
	}
	if again := i.room(abi.InputHint); start(again) != start(first) {
		t.Error("a request that fits moves the buffer")
	}
	if big := i.room(abi.MaxRequest); len(big) != abi.MaxRequest {
		t.Errorf("the largest request gets %d bytes", len(big))
	}
	for _, n := range []uint32{abi.MaxRequest + 1, 1<<32 - 1} {
		if i.room(n) != nil {
			t.Errorf("%d bytes are not refused", n)
		}
	}
}

func TestInboxMessage(t *testing.T) {
	var i inbox
	b := i.room(0)
	for _, c := range []struct {
		name string
		p    *byte
		n    uint32
		ok   bool
	}{
		{"nothing, anywhere", nil, 0, true},
		{"one byte", start(b), 1, true},
		{"all", start(b), uint32(len(b)), true},
		{"one too many", start(b), uint32(len(b)) + 1, false},
		{"the most", start(b), 1<<32 - 1, false},
		{"inside the buffer", start(b[1:]), 1, false},
		{"another place", start(make([]byte, 8)), 1, false},
		{"null", nil, 1, false},
	} {
		got, err := i.message(c.p, c.n)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, errInput) {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.ok && (uint32(len(got)) != c.n || cap(got) != len(got)) {
			t.Errorf("%s: %d bytes with room for %d", c.name, len(got), cap(got))
		}
	}
}
