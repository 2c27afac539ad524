package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

func TestAppendWritesTheDocumentedFormat(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.FixedZone("", 3600))
	l := openIn(t, dir, func(c *Config) { c.Now = func() time.Time { return at } })
	e := note("<&> \u2028")
	e.Detail = json.RawMessage(`{ "a" : "<" }`)
	first := mustAppend(t, l, e)
	second := mustAppend(t, l, note("two"))
	lines := strings.SplitAfter(string(content(t, dir, firstSegment)), "\n")
	if len(lines) != 5 || lines[4] != "" || !strings.HasPrefix(lines[1], "seal 1 ") || !strings.HasPrefix(lines[3], "seal 2 ") {
		t.Fatalf("lines: %q", lines)
	}
	hash, body, _ := strings.Cut(strings.TrimSuffix(lines[0], "\n"), " ")
	if hash != hashOf([]byte(body)) || hash != first.Hash || first.Index != 0 || second.Index != 1 {
		t.Errorf("receipts %+v %+v do not fit line %q", first, second, lines[0])
	}
	want := `{"id":"` + first.Entry + `","timestamp":"2026-01-02T02:04:05.678901Z","actor":"system/host","action":"test","resource":"<&> \u2028",` +
		`"outcome":"success","trace_id":"","previous_hash":"` + noHash + `","kind":"host","event":"host.start","detail":{"a":"<"}}`
	if body != want {
		t.Errorf("the entry is\n%s\nwant\n%s", body, want)
	}
	if !strings.Contains(lines[2], `"previous_hash":"`+first.Hash+`"`) {
		t.Errorf("second entry does not name the first: %s", lines[2])
	}
	id, err := uuid.Parse(first.Entry)
	if err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
		t.Errorf("id %q: %v", first.Entry, err)
	}
	if sec, _ := id.Time().UnixTime(); sec != at.Unix() {
		t.Errorf("id has time %d, want %d", sec, at.Unix())
	}
	read(t, dir)
}

func TestAppendRefusesBadEntriesAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	with := func(f func(*gate.Entry)) gate.Entry { e := note("x"); f(&e); return e }
	for _, c := range []struct {
		name  string
		entry gate.Entry
		want  error
	}{
		{"no actor", with(func(e *gate.Entry) { e.Actor = "" }), ErrInvalid},
		{"no action", with(func(e *gate.Entry) { e.Action = "" }), ErrInvalid},
		{"zero outcome", with(func(e *gate.Entry) { e.Outcome = "" }), ErrInvalid},
		{"unknown outcome", with(func(e *gate.Entry) { e.Outcome = "fine" }), ErrInvalid},
		{"unknown kind", with(func(e *gate.Entry) { e.Kind = "other" }), ErrInvalid},
		{"no event", with(func(e *gate.Entry) { e.Event = "" }), ErrInvalid},
		{"event without class", with(func(e *gate.Entry) { e.Event = "start" }), ErrInvalid},
		{"event with two names", with(func(e *gate.Entry) { e.Event = "host.start.up" }), ErrInvalid},
		{"event on two lines", with(func(e *gate.Entry) { e.Event = "host.start\n" }), ErrInvalid},
		{"event is a pattern", with(func(e *gate.Entry) { e.Event = "host.*" }), ErrInvalid},
		{"event in upper case", with(func(e *gate.Entry) { e.Event = "Host.start" }), ErrInvalid},
		{"long event", with(func(e *gate.Entry) { e.Event = gate.Event("host." + strings.Repeat("a", 33)) }), ErrInvalid},
		{"a rotation", with(func(e *gate.Entry) { e.Event = gate.AuditRotate }), ErrInvalid},
		{"a pruning", with(func(e *gate.Entry) { e.Event = gate.AuditPrune }), ErrInvalid},
		{"detail not JSON", with(func(e *gate.Entry) { e.Detail = json.RawMessage(`{`) }), ErrInvalid},
		{"detail empty", with(func(e *gate.Entry) { e.Detail = json.RawMessage{} }), ErrInvalid},
		{"detail two values", with(func(e *gate.Entry) { e.Detail = json.RawMessage("{}\n{}") }), ErrInvalid},
		{"detail duplicate name", with(func(e *gate.Entry) { e.Detail = json.RawMessage(`{"a":1,"a":2}`) }), ErrInvalid},
		{"detail no object", with(func(e *gate.Entry) { e.Detail = json.RawMessage(`[]`) }), ErrInvalid},
		{"too large", with(func(e *gate.Entry) { e.Reason = strings.Repeat("x", MaxEntry) }), ErrTooLarge},
	} {
		if _, err := l.Append(ctx, c.entry); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if r := mustAppend(t, l, note("good")); r.Index != 0 {
		t.Errorf("a refused entry took index 0: %+v", r)
	}
	select {
	case <-l.Failed():
		t.Error("bad entries failed the log")
	default:
	}
	read(t, dir)
}

func TestLargestEntryIsReadBack(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	e := note("x")
	frame := func(e gate.Entry) int {
		e.ID, e.Timestamp, e.PreviousHash = strings.Repeat("i", 36), timestamp, noHash
		body, _ := json.Marshal(e)
		return len(body)
	}
	e.Reason = "r"
	e.Reason = strings.Repeat("r", MaxEntry-frame(e)+1)
	mustAppend(t, l, e)
	e.Reason += "r"
	if _, err := l.Append(ctx, e); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("one byte more: %v", err)
	}
	if data, err := l.Tile("tile/entries/000.p/1"); err != nil || len(data) != 2+MaxEntry || data[0] != 0xff || data[1] != 0xff {
		t.Errorf("its bundle has %d bytes, %v", len(data), err)
	}
	mustClose(t, l)
	if n := bytes.IndexByte(content(t, dir, firstSegment), '\n') + 1; n != maxLine {
		t.Errorf("the line has %d bytes, want %d", n, maxLine)
	}
	if l = openIn(t, dir); l.Head().Size != 1 {
		t.Errorf("head %+v", l.Head())
	}
}

// What is queued at once may be more than one write takes.
func TestBatchesAreBounded(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	e := note("large")
	e.Reason = strings.Repeat("x", MaxEntry-500)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { mustAppend(t, l, e) })
	}
	wg.Wait()
	mustClose(t, l)
	batch := 0
	for text := range strings.Lines(string(content(t, dir, firstSegment))) {
		if batch += len(text); batch > maxBatch {
			t.Fatal("a batch is larger than a start would cut")
		}
		if isSeal([]byte(text)) {
			batch = 0
		}
	}
	if h := read(t, dir); h.size() != 100 {
		t.Errorf("%d entries", h.size())
	}
	mustClose(t, openIn(t, dir))
}

func TestHostileWordsStayOnOneLine(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	e := note("a\nb\r\x00\xff\u202e\nseal 1 x y\n")
	e.Actor = "\x1b[31m\n{}"
	mustAppend(t, l, e)
	if n := bytes.Count(content(t, dir, firstSegment), []byte("\n")); n != 2 {
		t.Errorf("%d lines for an entry and a seal", n)
	}
	mustClose(t, l)
	openIn(t, dir)
	read(t, dir)
}

func TestContextMayRefuseBeforeItStarts(t *testing.T) {
	l := openIn(t, t.TempDir())
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Append(done, note("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if l.Head().Size != 0 {
		t.Error("the entry was written")
	}
}

func TestConcurrentAppends(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating)
	const producers, each = 32, 25
	var mu sync.Mutex
	seen := map[uint64]gate.Receipt{}
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				r, err := l.Append(ctx, note(fmt.Sprintf("%d-%d", p, i)))
				if err != nil {
					t.Error(err)
					return
				}
				if h := l.Head(); h.Size <= r.Index {
					t.Errorf("acknowledged %d, head has %d", r.Index, h.Size)
				}
				mu.Lock()
				seen[r.Index] = r
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	head := l.Head()
	mustClose(t, l)
	h := read(t, dir)
	if h.size() != head.Size || len(seen) != producers*each || len(h.segments) != 4 {
		t.Fatalf("%d entries in %v, head %+v, %d receipts", h.size(), h.segments, head, len(seen))
	}
	for i, body := range h.bodies {
		r, ours := seen[uint64(i)]
		if ours && (r.Hash != hashOf([]byte(body)) || r.Entry != h.entries[i].ID) || !ours && h.entries[i].Event != gate.AuditRotate {
			t.Fatalf("receipt of entry %d: %+v, %s", i, r, body)
		}
	}
}

// A plugin chooses its audit objects. None of them may keep the host from starting again.
func TestWhatIsAcceptedCanBeReadBack(t *testing.T) {
	deep := strings.Repeat(`{"a":`, abi.MaxJSONDepth-1) + "[]" + strings.Repeat("}", abi.MaxJSONDepth-1)
	for name, detail := range map[string]string{
		"as deep as allowed": deep, "too deep": `{"a":` + deep + "}", "odd numbers": `{"a":[-0,1e999,0.1E-400,123456789012345678901234567890]}`,
		"separators": "{\"\u2028\":\"\u2029</script>\"}", "nul": `{"\u0000":"\u0000"}`, "surrogates": `{"\ud83d\ude00":"😀"}`, "space": " {\r\n\t} \n",
		"a signature": `{"a":1,"signature":"` + strings.Repeat("A", 4500) + `"}`, "a seal": `{"a":"\nseal 1 x y\n"}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := openIn(t, dir)
			e := note("detail")
			e.Detail = json.RawMessage(detail)
			if _, err := l.Append(ctx, e); (err != nil) != (name == "too deep") {
				t.Errorf("Append: %v", err)
			}
			mustClose(t, l)
			mustClose(t, openIn(t, dir))
			read(t, dir)
		})
	}
}

func TestADevelopmentHostMarksEveryEntry(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, rotating, func(c *Config) { c.Development = true })
	fill(t, l, 260)
	mustClose(t, l)
	for i, e := range read(t, dir).entries {
		if !e.Development {
			t.Fatalf("entry %d of a development host does not say so: %+v", i, e)
		}
	}
}
