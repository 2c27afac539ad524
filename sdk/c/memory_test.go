//go:build peers

package c_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/sdk/c/clang"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/sandbox"
)

func memory(t *testing.T, b backend, wasm []byte) func(what byte, n uint32) ([]uint32, error) {
	m := sandbox.New(t, sandbox.Config{Backend: b.open(), Wasm: wasm})
	h := sdktest.New(t, sdktest.Config{}, m).Host
	if err := m.Configure(h, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	return func(what byte, n uint32) ([]uint32, error) {
		answer, err := m.Handle(h, binary.LittleEndian.AppendUint32([]byte{what}, n))
		var words []uint32
		for ; len(answer) >= 4; answer = answer[4:] {
			words = append(words, binary.LittleEndian.Uint32(answer))
		}
		return words, err
	}
}

// The stack lies below the data, so that its end is an address outside of memory. Without the flag a deep recursion
// overwrites data, which this guest sees.
func TestPeerDeepRecursion(t *testing.T) {
	flags, err := os.ReadFile("flags")
	if err != nil {
		t.Fatal(err)
	}
	without := t.TempDir()
	lines := slices.DeleteFunc(strings.Fields(string(flags)), func(f string) bool { return f == "-Wl,--stack-first" })
	if err := os.WriteFile(filepath.Join(without, "flags"), []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	careless, err := clang.Build(t.Context(), clang.Guest{SDK: without, Args: []string{"-I.", "testdata/memory.c"}})
	if err != nil {
		t.Fatal(err)
	}
	wasm := compile(t, false, "testdata/memory.c")
	for _, b := range backends() {
		run := memory(t, b, wasm)
		if _, err := run('d', 100); err == nil || err.Error() != "the stack is deep enough" {
			t.Errorf("%s, 100 deep: %v", b.name, err)
		}
		if _, err := run('d', 1100); !errors.Is(err, runtimes.ErrTrap) {
			t.Errorf("%s, 1,100 deep: got %v, want a trap", b.name, err)
		}
		if _, err := run('d', 1_000_000_000); !errors.Is(err, runtimes.ErrTrap) {
			t.Errorf("%s, very deep: got %v, want a trap", b.name, err)
		}
		if _, err := memory(t, b, careless)('d', 1100); err == nil || err.Error() != "the stack has overwritten data" {
			t.Errorf("%s, 1,100 deep without --stack-first: got %v, which this test does not tell from the right answer", b.name, err)
		}
	}
}

// What a call allocates is aligned, zero, its own and gone afterwards.
func TestPeerAllocate(t *testing.T) {
	wasm := compile(t, false, "testdata/memory.c")
	for _, b := range backends() {
		run := memory(t, b, wasm)
		var before []uint32
		for _, n := range []uint32{0, 1, 15, 16, 17, 100_000, 10_000_000} {
			for range 2 {
				got, err := run('g', n)
				if err != nil || got[0] == 0 || got[1] != 1 || got[2] != 1 {
					t.Fatalf("%s, %d bytes: %v, %v", b.name, n, got, err)
				}
				if before != nil && !slices.Equal(got, before) {
					t.Errorf("%s, %d bytes: %v, before %v", b.name, n, got, before)
				}
				before = got
			}
		}
		for _, n := range []uint32{65 << 20, 1 << 30, 1<<30 + 1, 1<<32 - 1} {
			if got, err := run('g', n); err != nil || got[0] != 0 {
				t.Errorf("%s, %d bytes: %v, %v, want none", b.name, n, got, err)
			}
		}
	}
}

func TestPeerWhatCompilersExpect(t *testing.T) {
	minusOne := ^uint32(0)
	wasm := compile(t, false, "testdata/memory.c")
	for _, b := range backends() {
		run := memory(t, b, wasm)
		for n := range uint32(33) {
			want := []uint32{0, 0, 5, 1, minusOne}
			if got, err := run('m', n); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, %d bytes: %v, %v, want %v", b.name, n, got, err, want)
			}
		}
	}
}
