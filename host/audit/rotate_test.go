package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"bulkhead/host/gate"
)

func TestSegmentsBeginWithTheEntryOfARotation(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	mustAppend(t, l, decision("open"))
	mustAppend(t, l, decision("closed"))
	mustAppend(t, l, result("closed"))
	fill(t, l, 600)
	mustClose(t, l)
	h := read(t, dir)
	want := []string{"00000000000000000000.log", "00000000000000000256.log", "00000000000000000512.log"}
	if !slices.Equal(h.segments, want) {
		t.Fatalf("segments %v", h.segments)
	}
	for i, first := range []uint64{256, 512} {
		e := h.entries[first]
		detail := fmt.Sprintf(`{"open":[0],"segment":"%s","latest":{"host.start":%d}}`, want[i], lastStart(h, first))
		if e.Event != gate.AuditRotate || e.Action != "audit/rotate" || e.Resource != want[i+1] || e.Actor != "system/host" ||
			e.Kind != gate.KindHost || e.Outcome != gate.Success || len(e.TraceID) != 32 || string(e.Detail) != detail {
			t.Errorf("entry %d: %+v, want detail %s", first, e, detail)
		}
	}
	if n := count(h, gate.AuditRotate); n != 2 {
		t.Errorf("%d entries of rotations", n)
	}
}

// lastStart is the index of the last entry of a start before another one.
func lastStart(h *history, before uint64) uint64 {
	for i := before - 1; ; i-- {
		if h.entries[i].Event == gate.HostStart {
			return i
		}
	}
}

func TestSegmentsEndAtTheirSizeAndAMultipleOf256(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, func(c *Config) { c.SegmentSize = 250_000 })
	fill(t, l, 256)
	for i := l.Head().Size; i < 1000; i++ {
		e := note("large")
		e.Reason = string(bytes.Repeat([]byte("x"), 300))
		mustAppend(t, l, e)
	}
	mustClose(t, l)
	h := read(t, dir)
	if len(h.segments) < 2 {
		t.Fatal("there was no rotation")
	}
	for _, name := range h.segments[:len(h.segments)-1] {
		if n := len(content(t, dir, name)); n < 250_000 || n > 600_000 {
			t.Errorf("%s has %d bytes", name, n)
		}
	}
}

// A start reads the last segment, whatever is in those before; Verify reads all.
func TestAStartReadsTheLastSegmentOnly(t *testing.T) {
	dir := rotated(t)
	data := content(t, dir, firstSegment)
	data[bytes.LastIndex(data, []byte(`"actor"`))+12] ^= 1
	overwrite(t, dir, firstSegment, data)
	l := openIn(t, dir, rotating)
	mustAppend(t, l, note("x"))
	mustClose(t, l)
	var p *Problem
	if _, err := verify(t, dir); !errors.As(err, &p) || p.Class != ClassEdited || p.Index >= 256 {
		t.Errorf("Verify: %v", err)
	}
}

// A rotation that did not come to its end, wherever it was: the next start ends or repeats it, and every segment begins
// with one entry about it.
func TestAnInterruptedRotationIsMadeUpFor(t *testing.T) {
	before := t.TempDir() // 256 entries, sealed; the rotation has not begun
	l := openIn(t, before)
	fill(t, l, 256)
	mustClose(t, l)
	published := content(t, before, CheckpointName)
	old := signed(t, testSigner(t), read(t, before).headAt(t, 1))
	next := segmentName(256)
	after := copied(t, before)
	mustClose(t, openIn(t, after, rotating))
	begin := content(t, after, next)
	body := bytes.IndexByte(begin, '\n') + 1
	for _, c := range []struct {
		name    string
		leave   func(t *testing.T, dir string)
		reports int // about a torn batch
	}{
		{"before it began", func(*testing.T, string) {}, 0},
		{"before the tiles", func(t *testing.T, dir string) {
			unblock(t, fileOf(dir, "tile"))
			overwrite(t, dir, CheckpointName, old)
		}, 0},
		{"in the tiles", func(t *testing.T, dir string) {
			unblock(t, fileOf(dir, "tile/0/000"))
			overwrite(t, dir, "tile/0/000.new", []byte("half"))
			overwrite(t, dir, CheckpointName, old)
		}, 0},
		{"before the checkpoint", func(t *testing.T, dir string) { overwrite(t, dir, CheckpointName, old) }, 0},
		{"before the first checkpoint", func(t *testing.T, dir string) { unblock(t, fileOf(dir, CheckpointName)) }, 0},
		{"in the checkpoint", func(t *testing.T, dir string) {
			overwrite(t, dir, CheckpointName, old)
			overwrite(t, dir, CheckpointName+".new", published[:100])
		}, 0},
		{"behind the empty segment", func(t *testing.T, dir string) { overwrite(t, dir, next, nil) }, 0},
		{"in its entry", func(t *testing.T, dir string) { overwrite(t, dir, next, begin[:body/2]) }, 1},
		{"at the end of its entry", func(t *testing.T, dir string) { overwrite(t, dir, next, begin[:body]) }, 1},
		{"in its seal", func(t *testing.T, dir string) { overwrite(t, dir, next, begin[:len(begin)-1]) }, 1},
		{"with a hole", func(t *testing.T, dir string) {
			overwrite(t, dir, next, concat(begin[:10], make([]byte, 100), begin[110:]))
		}, 1},
		{"behind its seal", func(t *testing.T, dir string) { overwrite(t, dir, next, begin) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copied(t, before)
			c.leave(t, dir)
			l := openIn(t, dir, rotating)
			fill(t, l, 520)
			mustClose(t, l)
			h := read(t, dir)
			if n := count(h, gate.AuditRotate); n != len(h.segments)-1 || count(h, gate.AuditRecover) != c.reports {
				t.Errorf("%d rotations, %d segments, %d reports", n, len(h.segments), count(h, gate.AuditRecover))
			}
			if _, err := os.Stat(fileOf(dir, "torn-256")); (err == nil) != (c.reports > 0) {
				t.Errorf("kept aside: %v", err)
			}
		})
	}
}

// A segment without entries is a crash's doing only where a rotation was.
func TestAnEmptySegmentOfNoRotationIsRefused(t *testing.T) {
	two := rotated(t)
	pruned := rotated(t)
	unblock(t, fileOf(pruned, firstSegment))
	torn := content(t, two, segmentName(256))[:100]
	overwrite(t, pruned, CheckpointName, signed(t, testSigner(t), read(t, two).headAt(t, 256)))
	long := made(t, 256)
	overwrite(t, long, CheckpointName, signed(t, testSigner(t), read(t, long).headAt(t, 255)))
	for _, c := range []struct {
		name, dir, segment string
		data               []byte
	}{
		{"behind a log that has not come so far", two, segmentName(512), nil},
		{"far behind", two, segmentName(1 << 40), nil},
		{"out of all bounds", two, segmentName(1<<64 - 256), nil},
		{"behind a torn one", two, segmentName(512), torn},
		{"the last one was emptied", two, segmentName(256), nil},
		{"the last one was torn", two, segmentName(256), torn},
		{"the only one was emptied", pruned, segmentName(256), nil},
		{"the only one was torn", pruned, segmentName(256), torn},
		{"behind a checkpoint that has not come so far", long, segmentName(256), nil},
		{"the first one was emptied", made(t, 5), firstSegment, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copied(t, c.dir)
			overwrite(t, dir, c.segment, c.data)
			refused(t, dir, rotating)
		})
	}
}

// The entry of a rotation is the log's own word, and still is not believed without bounds.
func TestASegmentThatBeginsOtherwiseIsRefused(t *testing.T) {
	listed := make([]uint64, maxListed+1)
	long, err := json.Marshal(rotation{Open: listed, Segment: firstSegment})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		event  gate.Event
		detail string
	}{
		"no rotation": {gate.HostStart, `{"open":[],"segment":"x"}`}, "no detail": {gate.AuditRotate, ""}, "no list": {gate.AuditRotate, `{"open":{}}`},
		"negative": {gate.AuditRotate, `{"open":[-1]}`}, "long list": {gate.AuditRotate, string(long)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := made(t, 256)
			w := resumedOpen(t, dir)
			if err := w.file.Close(); err != nil {
				t.Fatal(err)
			}
			if w.file, err = createSegment(w.root, 256, w.wrap); err != nil {
				t.Fatal(err)
			}
			w.first, w.size = 256, 0
			e := note("begins")
			if e.Event = c.event; c.detail != "" {
				e.Detail = json.RawMessage(c.detail)
			}
			w.add(newRequest(e))
			w.commit()
			if err := w.close(); err != nil || w.chain.size != 257 {
				t.Fatal(err)
			}
			refused(t, dir)
		})
	}
}

// A start takes the tree before the last segment from the tiles, so they are durable before there is such a segment.
func TestARotationWaitsForTheTiles(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	slow := slowTiles(t, l)
	fill(t, l, 256)
	time.Sleep(50 * time.Millisecond)
	if _, err := os.Stat(fileOf(dir, segmentName(256))); err == nil {
		t.Error("the segment was there before the tile")
	}
	go slow.run()
	eventually(t, func() bool { return l.Head().Size == 257 })
	mustClose(t, l)
	read(t, dir)
}

// slowTiles has a log's tiles wait until somebody lets them run.
func slowTiles(t *testing.T, l *Log) *tiles {
	t.Helper()
	if err := l.writer.tiles.close(); err != nil {
		t.Fatal(err)
	}
	slow := &tiles{root: l.writer.root, done: make(chan struct{})}
	slow.changed = sync.NewCond(&slow.mu)
	l.writer.tiles = slow
	return slow
}

// Whoever sees a checkpoint finds the tiles under it.
func TestACheckpointWaitsForTheTiles(t *testing.T) {
	t.Parallel() // it waits for a second
	dir := t.TempDir()
	l := openIn(t, dir)
	slow := slowTiles(t, l)
	fill(t, l, 256)
	time.Sleep(publishEvery + 100*time.Millisecond)
	if note := l.Checkpoint(); note != nil {
		head, err := testSigner(t).Verifier().Open(note)
		if err != nil || head.Size >= 256 {
			t.Errorf("published before its tile: %+v, %v", head, err)
		}
	}
	go slow.run()
	mustClose(t, l)
	read(t, dir)
}

// When a segment cannot be begun the entries of the one before stay, and the log has failed.
func TestFailingRotationFailsTheLog(t *testing.T) {
	for name, way := range map[string]string{
		"tiles": "tile/0/000.new", "checkpoint": CheckpointName + ".new", "segment": segmentName(256),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := openIn(t, dir, rotating)
			fill(t, l, 200)
			block(t, fileOf(dir, way))
			fill(t, l, 256)
			select {
			case <-l.Failed():
			case <-time.After(time.Minute):
				t.Fatal("the log goes on")
			}
			if _, err := l.Append(ctx, note("x")); !errors.Is(err, ErrFailed) {
				t.Errorf("append: %v", err)
			}
			l.Close()
			unblock(t, fileOf(dir, way))
			l = openIn(t, dir, rotating)
			mustAppend(t, l, note("again"))
			mustClose(t, l)
			if h := read(t, dir); h.size() != 258 {
				t.Errorf("%d entries", h.size())
			}
		})
	}
}
