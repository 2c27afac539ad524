package wasm_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

const mostElements = "\xa0\x8d\x06" // 100,000

func alone(id byte, body string) string { return header + string(w.Section(id, []byte(body))) }

func TestBoundTables(t *testing.T) {
	for _, tt := range []struct{ name, table, want string }{
		{"no maximum", "\x01\x70\x00\x05", "\x01\x70\x01\x05" + mostElements},
		{"a high maximum", "\x01\x6f\x01\x05\xff\xff\xff\xff\x0f", "\x01\x6f\x01\x05" + mostElements},
		{"a low maximum", "\x01\x70\x01\x05\x06", "\x01\x70\x01\x05\x06"},
		{"a maximum below the minimum stays wrong", "\x01\x70\x01\x05\x04", "\x01\x70\x01\x05\x04"},
		{"padded numbers", "\x81\x00\x70\x00\x85\x80\x00", "\x01\x70\x01\x05" + mostElements},
		{"the most elements", "\x01\x70\x00" + mostElements, "\x01\x70\x01" + mostElements + mostElements},
		{"two", "\x02\x70\x00\x01\x6f\x00\x02", "\x02\x70\x01\x01" + mostElements + "\x6f\x01\x02" + mostElements},
		{"none", "\x00", "\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			module := []byte(alone(0, "\x01n") + string(w.Section(4, []byte(tt.table))) + string(w.Section(5, []byte("\x01\x00\x01"))))
			before := bytes.Clone(module)
			got, err := wasm.BoundTables(module)
			want := alone(0, "\x01n") + string(w.Section(4, []byte(tt.want))) + string(w.Section(5, []byte("\x01\x00\x01")))
			if err != nil || string(got) != want {
				t.Errorf("%x, %v; want %x", got, err, want)
			}
			if !bytes.Equal(before, module) {
				t.Error("the original changed")
			}
		})
	}
}

func TestBoundTablesRefuses(t *testing.T) {
	for name, table := range map[string]string{
		"one element too many": "\x01\x70\x00\xa1\x8d\x06", "2^32-1 elements": "\x01\x70\x00\xff\xff\xff\xff\x0f",
		"too many tables": "\x11" + strings.Repeat("\x70\x00\x01", 17),
	} {
		if _, err := wasm.BoundTables([]byte(alone(4, table))); !errors.Is(err, wasm.ErrTables) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, table := range map[string]string{
		"an initializer": "\x01\x40\x00\x70\x00\x01\xd0\x70\x0b", "64 bits": "\x01\x70\x04\x01", "shared": "\x01\x70\x03\x01\x01",
		"cut": "\x01\x70\x00", "bytes too many": "\x01\x70\x00\x01\x00", "numbers as elements": "\x01\x7f\x00\x01",
	} {
		if got, err := wasm.BoundTables([]byte(alone(4, table))); err == nil {
			t.Errorf("%s: %x", name, got)
		}
	}
}
