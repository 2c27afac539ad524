package audit

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/host/gate"
)

// left returns a directory with a log as a crash left it.
func left(t testing.TB, data []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func entries(t testing.TB, dir string) []gate.Entry {
	t.Helper()
	var out []gate.Entry
	for _, line := range split(content(t, dir)) {
		r, err := parseLine(line[:len(line)-1])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.entry)
	}
	return out
}

// recovered opens a log that must be repaired behind the good bytes, and returns what was kept aside.
func recovered(t *testing.T, data, good []byte) []byte {
	t.Helper()
	dir := left(t, data)
	l := openIn(t, dir)
	mustAppend(t, l, note("after"))
	mustClose(t, l)
	now := content(t, dir)
	if !bytes.HasPrefix(now, good) {
		t.Fatal("a good entry was lost")
	}
	if _, err := Verify(bytes.NewReader(now), nil); err != nil {
		t.Fatal(err)
	}
	n := len(split(good))
	e := entries(t, dir)[n]
	if e.Action != "audit/recover" || e.Kind != gate.KindHost || e.Resource != fmt.Sprintf("audit.torn-%d", n) {
		t.Fatalf("the entry about the repair: %+v", e)
	}
	path := filepath.Join(dir, e.Resource)
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	return kept
}

func TestTornTailIsCutAtEveryByte(t *testing.T) {
	_, data := made(t, 3)
	start := len(data) - len(split(data)[2])
	for end := start + 1; end < len(data); end++ {
		if kept := recovered(t, data[:end], data[:start]); !bytes.Equal(kept, data[start:end]) {
			t.Fatalf("cut at %d: kept %q", end, kept)
		}
	}
}

func TestFirstEntryTorn(t *testing.T) {
	_, data := made(t, 1)
	recovered(t, data[:len(data)/2], nil)
}

func TestLastLineOfFullLengthWithWrongBytesIsCut(t *testing.T) {
	_, data := made(t, 3)
	start := len(data) - len(split(data)[2])
	for at := start; at < len(data)-1; at += 7 {
		bad := bytes.Clone(data)
		bad[at] ^= 1
		recovered(t, bad, data[:start])
	}
}

// A power cut may lose any sectors of the last write, and keep later ones.
func TestTornBatchWithHolesIsCut(t *testing.T) {
	const sector = 512
	_, data := made(t, 30)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		durable := 1 + rng.IntN(25)
		good := join(split(data)[:durable]...)
		bad := bytes.Clone(data[:len(good)+1+rng.IntN(len(data)-len(good))])
		lost := len(bad) < len(data)
		for at := len(good) / sector * sector; at < len(bad); at += sector {
			if rng.IntN(3) == 0 {
				from, to := max(at, len(good)), min(at+sector, len(bad))
				clear(bad[from:to])
				lost = true
			}
		}
		if !lost {
			continue
		}
		dir := left(t, bad)
		l := openIn(t, dir)
		mustAppend(t, l, note("after"))
		mustClose(t, l)
		if now := content(t, dir); !bytes.HasPrefix(now, good) {
			t.Fatal("a durable entry was lost")
		}
		if _, err := VerifyFile(filepath.Join(dir, FileName), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamageThatNoCrashExplainsIsRefused(t *testing.T) {
	_, data := made(t, 6)
	good := split(data)
	big := func() []byte { // a hole, and more behind it than one write can have lost
		return join(good[0], make([]byte, 100), bytes.Repeat([]byte("x\n"), maxBatch/2))
	}
	for _, c := range []struct {
		name  string
		data  []byte
		class Class
		index uint64
	}{
		{"edited", join(join(good[:2]...), edit(good[2]), join(good[3:]...)), ClassEdited, 2},
		{"edited before the last", join(join(good[:4]...), edit(good[4]), good[5]), ClassEdited, 4},
		{"deleted", join(good[0], join(good[2:]...)), ClassDeleted, 1},
		{"swapped at the end", join(join(good[:4]...), good[5], good[4]), ClassReordered, 4},
		{"last one does not follow", join(join(good[:4]...), good[5]), ClassDeleted, 4},
		{"last one no entry", join(data, rehash(bytes.Replace(good[5], []byte(`"id"`), []byte(`"ID"`), 1))), ClassMalformed, 6},
		{"hole far from the end", big(), ClassMalformed, 1},
		{"no log at all", bytes.Repeat([]byte("hello\n"), 10), ClassMalformed, 0},
		{"endless line", bytes.Repeat([]byte("x"), 2*maxLine), ClassTorn, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := left(t, c.data)
			_, err := Open(Config{Dir: dir})
			var p *Problem
			if !errors.As(err, &p) || p.Class != c.class || p.Index != c.index {
				t.Errorf("got %v, want %s at entry %d", err, c.class, c.index)
			}
			if !bytes.Equal(content(t, dir), c.data) {
				t.Error("the refused log was changed")
			}
		})
	}
}

func TestTornTailsOfOneIndexAreAllKept(t *testing.T) {
	_, data := made(t, 1)
	dir := left(t, data[:50])
	if err := os.WriteFile(filepath.Join(dir, "audit.torn-0"), []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	openIn(t, dir)
	older, _ := os.ReadFile(filepath.Join(dir, "audit.torn-0"))
	newer, err := os.ReadFile(filepath.Join(dir, "audit.torn-0.1"))
	if string(older) != "older" || !bytes.Equal(newer, data[:50]) {
		t.Errorf("older %q, newer %q, %v", older, newer, err)
	}
}

func call(kind gate.Kind, id string, o gate.Outcome) gate.Entry {
	return gate.Entry{
		Actor: "alice", Action: "tools/call", Resource: "label", Outcome: o, Kind: kind, Call: id, TraceID: strings.Repeat("a", 32),
	}
}

func TestOpenDecisionsBecomePartial(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	for _, e := range []gate.Entry{
		call(gate.KindDecision, "finished", gate.Success), call(gate.KindResult, "finished", gate.Failure),
		call(gate.KindDecision, "refused", gate.Failure),
		call(gate.KindDecision, "open-1", gate.Success),
		call(gate.KindDecision, "twice", gate.Success), call(gate.KindDecision, "twice", gate.Success),
		call(gate.KindResult, "twice", gate.Success),
		call(gate.KindDecision, "open-2", gate.Success),
		call(gate.KindCapability, "open-2", gate.Success),
		call(gate.KindResult, "never decided", gate.Success),
	} {
		mustAppend(t, l, e)
	}
	mustClose(t, l)
	before := len(entries(t, dir))
	l, err := Open(Config{Dir: dir, Development: true})
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	var got []string
	for _, e := range entries(t, dir)[before:] {
		got = append(got, e.Call)
		if e.Outcome != gate.Partial || e.Kind != gate.KindResult || e.Actor != "alice" || e.Action != "tools/call" ||
			e.Resource != "label" || e.TraceID != strings.Repeat("a", 32) || !e.Development {
			t.Errorf("partial entry %+v", e)
		}
	}
	if strings.Join(got, " ") != "open-1 twice open-2" {
		t.Errorf("partial: %v", got)
	}
	mustClose(t, openIn(t, dir))
	if n := len(entries(t, dir)); n != before+3 {
		t.Errorf("%d entries after the third start, want %d", n, before+3)
	}
}

func TestManyOpenDecisionsAreSettledInSeveralBatches(t *testing.T) {
	const n = 4000
	var c chain = newChain()
	var data []byte
	for i := range n {
		e := call(gate.KindDecision, fmt.Sprintf("call-%d", i), gate.Success)
		e.Timestamp, e.PreviousHash = "2026-01-01T00:00:00.000000Z", c.last
		var hash string
		var err error
		if data, hash, err = appendLine(data, &e); err != nil {
			t.Fatal(err)
		}
		c.add(&e, hash)
	}
	dir := left(t, data)
	l := openIn(t, dir)
	if l.Head().Size != 2*n {
		t.Errorf("head %+v", l.Head())
	}
	mustClose(t, l)
	if _, err := VerifyFile(filepath.Join(dir, FileName), nil); err != nil {
		t.Error(err)
	}
}
