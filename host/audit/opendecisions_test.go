package audit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/host/gate"
)

func call(kind gate.Kind, id string, o gate.Outcome) gate.Entry {
	e := gate.Entry{
		Actor: "alice", Action: "tools/call", Resource: "label", Outcome: o, Kind: kind, Event: gate.CallDecision, Call: id,
		TraceID: strings.Repeat("a", 32), Request: strings.Repeat("b", 64),
	}
	if kind == gate.KindResult {
		e.Event = gate.CallResult
	}
	return e
}

// partials are the calls of the partial results from an index on, which must all be right.
func partials(t testing.TB, h *history, from uint64) (calls []string) {
	t.Helper()
	for _, e := range h.entries[from-h.first:] {
		if e.Outcome != gate.Partial {
			continue
		}
		calls = append(calls, e.Call)
		if e.Kind != gate.KindResult || e.Event != gate.CallResult || e.Actor != "alice" || e.Action != "tools/call" || e.Resource != "label" ||
			e.TraceID != strings.Repeat("a", 32) || e.Request != strings.Repeat("b", 64) || e.Reason == "" {
			t.Errorf("partial entry %+v", e)
		}
	}
	return calls
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
	size := l.Head().Size
	mustClose(t, l)
	mustClose(t, openIn(t, dir, func(c *Config) { c.Development = true }))
	h := read(t, dir)
	if got := partials(t, h, size); strings.Join(got, " ") != "open-1 twice open-2" || h.size() != size+3 || !h.entries[size].Development {
		t.Errorf("partial: %v of %d entries", got, h.size())
	}
	mustClose(t, openIn(t, dir))
	if n := read(t, dir).size(); n != size+3 {
		t.Errorf("%d entries after the third start, want %d", n, size+3)
	}
}

// A decision may be open for longer than its segment is the last one, and its result may come in any later segment.
func TestDecisionsStayOpenAcrossRotations(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	for _, id := range []string{"first", "second", "twice", "twice"} {
		mustAppend(t, l, call(gate.KindDecision, id, gate.Success))
	}
	fill(t, l, 300)
	mustAppend(t, l, call(gate.KindDecision, "later", gate.Success))
	mustAppend(t, l, call(gate.KindResult, "twice", gate.Success))
	mustAppend(t, l, call(gate.KindDecision, "short", gate.Success))
	mustAppend(t, l, call(gate.KindResult, "short", gate.Success))
	fill(t, l, 600)
	mustAppend(t, l, call(gate.KindResult, "second", gate.Success))
	size := l.Head().Size
	mustClose(t, l)
	for range 3 {
		mustClose(t, openIn(t, dir, rotating))
		h := read(t, dir)
		if got := partials(t, h, size); !slices.Equal(got, []string{"first", "twice", "later"}) || h.size() != size+3 {
			t.Fatalf("partial: %v of %d entries", got, h.size())
		}
	}
}

// What was pruned is open for nobody: the entry that a result would name is gone.
func TestPrunedDecisionsAreNotClosed(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	mustAppend(t, l, call(gate.KindDecision, "pruned", gate.Success))
	fill(t, l, 300)
	mustAppend(t, l, call(gate.KindDecision, "kept", gate.Success))
	fill(t, l, 600)
	limit := uint64(300)
	if p, err := l.Prune(ctx, time.Now().Add(time.Hour), &limit); err != nil || p.Size != 256 {
		t.Fatalf("%+v, %v", p, err)
	}
	fill(t, l, 800) // the running log remembers the pruned one, and lists it again
	size := l.Head().Size
	mustClose(t, l)
	for range 2 {
		mustClose(t, openIn(t, dir, rotating))
		if got := partials(t, read(t, dir), size); !slices.Equal(got, []string{"kept"}) {
			t.Fatalf("partial: %v", got)
		}
	}
}

func TestManyOpenDecisionsAreSettledInSeveralBatches(t *testing.T) {
	const n = 4000
	dir := t.TempDir()
	l := openIn(t, dir)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { mustAppend(t, l, call(gate.KindDecision, fmt.Sprint("call-", i), gate.Success)) })
	}
	wg.Wait()
	mustClose(t, l)
	note := content(t, dir, CheckpointName)
	mustClose(t, openIn(t, dir))
	h := read(t, dir)
	if got := partials(t, h, n); len(got) != n || h.size() != 2*n {
		t.Errorf("%d partial results, %d entries", len(got), h.size())
	}
	if i := slices.Index(h.sealed, n); len(h.sealed)-i < 3 {
		t.Error("they are one batch")
	}
	// A start that ends in the last of them leaves the rest to the next.
	data := content(t, dir, firstSegment)
	last := bytes.LastIndex(data[:len(data)-1000], []byte("\nseal "))
	overwrite(t, dir, firstSegment, data[:last+1000])
	overwrite(t, dir, CheckpointName, note)
	mustClose(t, openIn(t, dir))
	got := partials(t, read(t, dir), n)
	if slices.Sort(got); len(got) != n || len(slices.Compact(got)) != n {
		t.Errorf("after a second start %d partial results", len(got))
	}
}

// A segment ends only when the next can list what is open.
func TestManyOpenDecisionsHoldUpARotation(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	l.writer.decisions.open[question{call: "other"}] = openDecision{0, maxListed}
	l.writer.decisions.count = maxListed
	mustAppend(t, l, call(gate.KindDecision, "one too many", gate.Success))
	fill(t, l, 300)
	if segments, err := listSegments(l.writer.root.FS()); err != nil || len(segments) != 1 {
		t.Errorf("segments: %v, %v", segments, err)
	}
	mustAppend(t, l, call(gate.KindResult, "one too many", gate.Success))
	fill(t, l, 600)
	mustClose(t, l)
	if got := read(t, dir).segments; len(got) != 2 {
		t.Errorf("segments %v", got)
	}
}

func TestOpenDecisionsAreBounded(t *testing.T) {
	l := openIn(t, t.TempDir())
	l.writer.decisions.open[question{call: "many"}] = openDecision{0, maxOpen - 1}
	l.writer.decisions.count = maxOpen - 1
	mustAppend(t, l, call(gate.KindDecision, "last", gate.Success))
	if _, err := l.Append(ctx, call(gate.KindDecision, "one too many", gate.Success)); !errors.Is(err, errManyOpen) {
		t.Errorf("append: %v", err)
	}
	mustAppend(t, l, call(gate.KindDecision, "refused", gate.Failure)) // no result follows it
	mustAppend(t, l, note("x"))
	mustAppend(t, l, call(gate.KindResult, "last", gate.Success))
	mustAppend(t, l, call(gate.KindDecision, "again", gate.Success))
	if err := l.Err(); err != nil {
		t.Error(err)
	}
}
