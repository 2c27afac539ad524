package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bulkhead/host/gate"
)

func event(e gate.Event, resource string) gate.Entry {
	n := note(resource)
	n.Event = e
	return n
}

// What a start looks for is found whatever was rotated or pruned away since, and nothing that is not sealed.
func TestLatestSurvivesRotationAndPruning(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, FolderName)
	sets := [][]gate.Event{{gate.ConfigLoad, gate.AuditOff}, {gate.HostStart, gate.HostStop}, {gate.AuditOff}}
	if got, err := Latest(folder, sets...); err != nil || got[0] != nil {
		t.Fatalf("without a log: %v, %v", got, err)
	}
	small := func(c *Config) { c.SegmentSize = 10_000 }
	l := openIn(t, dir, small)
	mustAppend(t, l, event(gate.ConfigLoad, "old"))
	mustAppend(t, l, event(gate.HostStart, "old"))
	mustAppend(t, l, event(gate.ConfigLoad, "new"))
	for i := range 600 {
		mustAppend(t, l, event(gate.AuthSuccess, fmt.Sprint(i)))
	}
	mustClose(t, l)
	l = openIn(t, dir, small)
	for i := range 600 {
		mustAppend(t, l, event(gate.AuthSuccess, fmt.Sprint(i)))
	}
	got, err := Latest(folder, sets...)
	if err != nil || got[0] == nil || got[0].Entry.Resource != "new" || got[1] == nil || got[1].Entry.Resource != "old" || got[2] != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	if p, err := l.Prune(ctx, time.Now().Add(time.Hour), nil); err != nil || p.Segments == 0 {
		t.Fatalf("pruned %+v, %v", p, err)
	}
	if got, err = Latest(folder, sets...); err != nil || got[0] == nil || got[0].Entry != nil || got[1].Entry != nil || got[2] != nil {
		t.Errorf("after pruning: %+v, %v", got, err)
	}
	mustAppend(t, l, event(gate.AuditOff, "off"))
	mustClose(t, l)
	torn, err := os.OpenFile(filepath.Join(folder, segmentName(1024)), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := torn.WriteString("half a li"); err != nil {
		t.Fatal(err)
	}
	torn.Close()
	if got, err = Latest(folder, sets...); err != nil || got[0] == nil || got[0].Entry.Resource != "off" || got[2] == nil {
		t.Errorf("with a torn tail: %+v, %v", got, err)
	}
	if _, err := Latest(folder, []gate.Event{gate.CallResult}); err == nil {
		t.Error("an event was looked for that nobody remembers")
	}
}

// Whoever changes what a start looks for, without the key, changes nothing: the last segment is whole, and so a start takes
// the log, but what it finds is not believed.
func TestLatestIsProven(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, FolderName)
	set := []gate.Event{gate.ConfigLoad, gate.AuditOff}
	small := func(c *Config) { c.SegmentSize = 10_000 }
	l := openIn(t, dir, small)
	mustAppend(t, l, event(gate.ConfigLoad, "honest"))
	for i := range 600 {
		mustAppend(t, l, event(gate.AuthSuccess, fmt.Sprint(i)))
	}
	mustClose(t, l)
	l = openIn(t, dir, small)
	if got, err := l.Latest(set); err != nil || got[0].Entry.Resource != "honest" {
		t.Fatalf("%+v, %v", got, err)
	}
	mustClose(t, l)
	name := filepath.Join(folder, segmentName(0))
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	body := bytes.Replace(first[hashLen+1:], []byte(`"resource":"honest"`), []byte(`"resource":"forged"`), 1)
	line, _ := appendLine(nil, body)
	if err := os.WriteFile(name, append(line, rest...), 0o600); err != nil {
		t.Fatal(err)
	}
	l = openIn(t, dir, small)
	var p *Problem
	if got, err := l.Latest(set); !errors.As(err, &p) || p.Class != ClassEdited || p.Index != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Latest(folder, set); err != nil || got[0].Entry.Resource != "forged" {
		t.Errorf("the other one promises less: %+v, %v", got, err)
	}
	mustClose(t, l)
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	l = openIn(t, dir, small)
	defer mustClose(t, l)
	if got, err := l.Latest(set); err != nil || got[0] == nil || got[0].Entry != nil {
		t.Errorf("a segment that is gone: %+v, %v", got, err)
	}
}
