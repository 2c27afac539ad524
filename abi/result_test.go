package abi_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"bulkhead/abi"
)

func TestResults(t *testing.T) {
	table, err := os.ReadFile("testdata/results.txt")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for line := range strings.Lines(string(table)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var packed, memory, limit uint64
		var want string
		if _, err := fmt.Sscanf(line, "0x%x %d %d %s", &packed, &memory, &limit, &want); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		want = strings.TrimSpace(line[strings.Index(line, want):])
		if got := outcome(packed, memory, limit); got != want {
			t.Errorf("%#016x in %d bytes, limit %d: %s, want %s", packed, memory, limit, got, want)
		}
		count++
	}
	if count < 20 {
		t.Errorf("only %d results", count)
	}
}

func outcome(packed, memory, limit uint64) string {
	r := abi.ParseResult(packed)
	switch {
	case r.Check(memory, limit) != nil:
		return "refuse"
	case r.Failed:
		return fmt.Sprintf("error %d %d", r.Address, r.Length)
	}
	return fmt.Sprintf("answer %d %d", r.Address, r.Length)
}

func FuzzResult(f *testing.F) {
	f.Add(uint64(0x0000040080000005))
	f.Fuzz(func(t *testing.T, packed uint64) {
		if back := abi.ParseResult(packed).Pack(); back != packed {
			t.Errorf("%#x becomes %#x", packed, back)
		}
	})
}
