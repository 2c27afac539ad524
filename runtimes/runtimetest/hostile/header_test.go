package hostile_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes/runtimetest/hostile"
)

func TestHeader(t *testing.T) {
	got, err := hostile.Header("a", []byte(strings.Join([]string{
		";; attack: does: everything", ";; grants: log infer", ";; wasi: true", ";; memory: 2MiB", ";; timeout: 50ms", ";; fuel: 5M",
		";; output: 7", ";; host: blocks", ";; call: - ok 0x01ff", ";; call: 3*ab trap", ";; each: 2 limit-fuel", "(module)", ";; fuel: 1",
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := []hostile.Call{
		{Request: []byte{}, Outcome: hostile.OK, Answer: []byte{1, 255}}, {Request: []byte("ababab"), Outcome: hostile.Trap},
		{Request: []byte{0}, Outcome: hostile.LimitFuel}, {Request: []byte{1}, Outcome: hostile.LimitFuel},
	}
	l := got.Limits
	if !reflect.DeepEqual(got.Calls, want) || got.What != "does: everything" || got.Grants != abi.GrantsOf(abi.Log, abi.Infer) || !got.WASI ||
		!got.Blocks || l.Memory != 2<<20 || l.Timeout != 50*time.Millisecond || l.Fuel != 5_000_000 || l.Answer != 7 || got.Load != hostile.OK {
		t.Errorf("%+v", got)
	}
	for _, tt := range []struct {
		text          string
		load          hostile.Outcome
		invalid       bool
		calls, answer int
	}{
		{"expect: invalid", hostile.Refused, true, 0, 0}, {"expect: refused", hostile.Refused, false, 0, 0},
		{"expect: ok\n;; repeat: 3\n;; answer: 0x0102", hostile.OK, false, 3, 2},
	} {
		a, err := hostile.Header("a", []byte(";; attack: x\n;; "+tt.text))
		if err != nil || a.Load != tt.load || a.Invalid != tt.invalid || len(a.Calls) != tt.calls || tt.calls > 0 && len(a.Calls[2].Answer) != tt.answer {
			t.Errorf("%q: %+v, %v", tt.text, a, err)
		}
	}
}

func TestHeaderRefuses(t *testing.T) {
	for _, text := range []string{
		"", ";; attack: x", ";; expect: ok", ";; attack: x\n;; expect: nonsense", ";; attack: x\n;; expect: ok\n;; call: - ok",
		";; attack: x\n;; expect: ok\n;; unknown: 1", ";; attack: x\n;; call: -", ";; attack: x\n;; call: - ok 0x1 x", ";; attack: x\n;; each: 257 ok",
		";; attack: x\n;; each: 0 ok", ";; attack: x\n;; expect: ok\n;; fuel: 1X", ";; attack: x\n;; expect: ok\n;; grants: everything",
		";; attack: x\n;; expect: ok\n;; host: sleeps", ";; attack: x\n;; call: 0xfg ok", ";; attack: x\n;; call: x*y ok", ";; attack: x\n;; expect:",
		";; attack: x\n;; expect: ok\n;; fuel",
	} {
		if a, err := hostile.Header("a", []byte(text)); err == nil {
			t.Errorf("%q: %+v", text, a)
		}
	}
}

// Every attack has a name of its own and says what must become of it. Those that are text can be read without assembling.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("../testdata/hostile/*.wat")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".wat")
		if _, err := hostile.Header(name, text); err != nil {
			t.Error(err)
		}
		names = append(names, name)
	}
	for _, a := range hostile.Generated() {
		names = append(names, a.Name)
		if a.What == "" || (a.Load == hostile.OK) == (a.Calls == nil) {
			t.Errorf("%s: %q, %s, %d calls", a.Name, a.What, a.Load, len(a.Calls))
		}
	}
	slices.Sort(names)
	if all := len(names); all != len(slices.Compact(names)) || len(files) < 200 || all < 400 {
		t.Errorf("%d attacks of %d names, %d of them text", all, len(slices.Compact(names)), len(files))
	}
}
