package audit

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"bulkhead/host/gate"
)

// savedAt is a checkpoint of the log in dir as it was when it had size entries.
func savedAt(t *testing.T, dir string, size uint64) []byte {
	t.Helper()
	head := read(t, dir).headAt(t, size)
	s := testSigner(t)
	note, err := s.Sign(head, s.Seal(head))
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// Whoever believes a checkpoint believes nothing of what came between it and the first segment.
func TestNothingIsMissingBehindWhatIsBelieved(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	fill(t, l, 1100)
	mustClose(t, l)
	saved := savedAt(t, dir, 300)
	if _, err := verify(t, dir, against(saved), from); err != nil {
		t.Fatal(err)
	}
	for _, first := range []uint64{0, 256, 512} {
		if err := os.Remove(fileOf(dir, segmentName(first))); err != nil {
			t.Fatal(err)
		}
		_, err := verify(t, dir, against(saved), from)
		var p *Problem
		if first == 0 && err != nil {
			t.Errorf("what is believed may be missing: %v", err)
		}
		if first > 0 && (!errors.As(err, &p) || p.Class != ClassDeleted) {
			t.Errorf("without the entries from %d on: %v", first, err)
		}
	}
}

// older has the last entry of a segment say that it is old: its line is right in itself.
func older(t *testing.T, dir string, first uint64) {
	t.Helper()
	name := segmentName(first)
	lines := strings.SplitAfter(string(content(t, dir, name)), "\n")
	at := len(lines) - 3 // entry, seal, nothing
	body := []byte(strings.TrimSuffix(lines[at][hashLen+1:], "\n"))
	i := bytes.Index(body, []byte(`"timestamp":"`)) + len(`"timestamp":"`)
	copy(body[i:], longAgo.Format(timestamp))
	line, _ := appendLine(nil, body)
	lines[at] = string(line)
	overwrite(t, dir, name, []byte(strings.Join(lines, "")))
}

// A log that somebody has edited is not pruned: the host would destroy the evidence and vouch for what is left.
func TestWhatWasEditedIsNotPruned(t *testing.T) {
	now := longAgo.AddDate(0, 6, 0)
	dir := t.TempDir()
	l := openIn(t, dir, rotating, func(c *Config) { c.Now = func() time.Time { return now } })
	fill(t, l, 700)
	whole := copied(t, dir)
	older(t, dir, 0)
	older(t, dir, 256)
	p, err := l.Prune(ctx, now.AddDate(0, -3, 0), nil)
	var problem *Problem
	if !errors.As(err, &problem) || problem.Class != ClassEdited || problem.Index != 255 {
		t.Errorf("pruned %+v, %v", p, err)
	}
	mustClose(t, l)
	overwrite(t, dir, segmentName(256), content(t, whole, segmentName(256)))
	if _, err := verify(t, dir); err == nil {
		t.Error("entries that were not old are gone, and the log is called good")
	}
	if h := count(read(t, whole), gate.AuditPrune); h != 0 {
		t.Errorf("%d prunings", h)
	}
}
