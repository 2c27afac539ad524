package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

var ctx = context.Background()

// note is an entry of the host's own, told apart by its resource.
func note(resource string) gate.Entry {
	return gate.Entry{Actor: "system/host", Action: "test", Resource: resource, Outcome: gate.Success, Kind: gate.KindHost}
}

func openIn(t testing.TB, dir string) *Log {
	t.Helper()
	l, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func mustAppend(t testing.TB, l *Log, e gate.Entry) gate.Receipt {
	t.Helper()
	r, err := l.Append(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustClose(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func content(t testing.TB, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// made returns a directory with a closed log of n entries, and its bytes.
func made(t testing.TB, n int) (string, []byte) {
	t.Helper()
	dir := t.TempDir()
	l := openIn(t, dir)
	for i := range n {
		mustAppend(t, l, note(fmt.Sprintf("entry-%d", i)))
	}
	mustClose(t, l)
	return dir, content(t, dir)
}

func TestAppendWritesTheDocumentedFormat(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.FixedZone("", 3600))
	l, err := Open(Config{Dir: dir, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e := note("<&> \u2028")
	e.Detail = json.RawMessage(`{ "a" : "<" }`)
	first := mustAppend(t, l, e)
	second := mustAppend(t, l, note("two"))
	lines := strings.SplitAfter(string(content(t, dir)), "\n")
	if len(lines) != 3 || lines[2] != "" {
		t.Fatalf("lines: %q", lines)
	}
	hash, body, _ := strings.Cut(strings.TrimSuffix(lines[0], "\n"), " ")
	if hash != hashOf([]byte(body)) || hash != first.Hash || first.Index != 0 || second.Index != 1 {
		t.Errorf("receipts %+v %+v do not fit line %q", first, second, lines[0])
	}
	var got gate.Entry
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Timestamp != "2026-01-02T02:04:05.678901Z" || got.PreviousHash != noHash || got.ID != first.Entry {
		t.Errorf("entry %+v", got)
	}
	if string(got.Detail) != `{"a":"<"}` || got.Resource != e.Resource {
		t.Errorf("detail %s, resource %q", got.Detail, got.Resource)
	}
	if !strings.Contains(lines[1], `"previous_hash":"`+first.Hash+`"`) {
		t.Errorf("second entry does not name the first: %s", lines[1])
	}
	id, err := uuid.Parse(first.Entry)
	if err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
		t.Errorf("id %q: %v", first.Entry, err)
	}
	if sec, _ := id.Time().UnixTime(); sec != at.Unix() {
		t.Errorf("id has time %d, want %d", sec, at.Unix())
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	dir := t.TempDir()
	wall := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	now := func() time.Time { wall = wall.Add(-time.Hour); return wall }
	var first time.Time
	for i := range 2 { // the second time against what the file says
		l, err := Open(Config{Dir: dir, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if !l.Time().Equal(first) {
			t.Errorf("start %d: time %v, want %v", i, l.Time(), first)
		}
		mustAppend(t, l, note("a"))
		first = time.Date(2026, 4, 30, 23, 0, 0, 0, time.UTC)
		mustAppend(t, l, note("b"))
		if !l.Time().Equal(first) {
			t.Errorf("time %v, want %v", l.Time(), first)
		}
		mustClose(t, l)
	}
	report, err := Verify(bytes.NewReader(content(t, dir)), nil)
	if err != nil || report.Entries != 4 || report.First != report.Last {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestAppendRefusesBadEntriesAndGoesOn(t *testing.T) {
	l := openIn(t, t.TempDir())
	with := func(f func(*gate.Entry)) gate.Entry { e := note("x"); f(&e); return e }
	for _, c := range []struct {
		name  string
		entry gate.Entry
		want  error
	}{
		{"no actor", with(func(e *gate.Entry) { e.Actor = "" }), ErrInvalid},
		{"no action", with(func(e *gate.Entry) { e.Action = "" }), ErrInvalid},
		{"zero outcome", with(func(e *gate.Entry) { e.Outcome = "" }), ErrInvalid},
		{"unknown kind", with(func(e *gate.Entry) { e.Kind = "other" }), ErrInvalid},
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
	mustClose(t, l)
	if got := len(content(t, dir)); got != maxLine {
		t.Errorf("the line has %d bytes, want %d", got, maxLine)
	}
	if l = openIn(t, dir); l.Head().Size != 1 {
		t.Errorf("head %+v", l.Head())
	}
}

func TestHostileWordsStayOnOneLine(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	e := note("a\nb\r\x00\xff\u202e")
	e.Actor = "\x1b[31m\n{}"
	mustAppend(t, l, e)
	if n := bytes.Count(content(t, dir), []byte("\n")); n != 1 {
		t.Errorf("%d lines for one entry", n)
	}
	mustClose(t, l)
	openIn(t, dir)
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
	l := openIn(t, dir)
	const producers, each = 32, 25
	var mu sync.Mutex
	seen := map[uint64]string{}
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
				seen[r.Index] = r.Hash
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	head := l.Head()
	mustClose(t, l)
	report, err := Verify(bytes.NewReader(content(t, dir)), &head)
	if err != nil || report.Entries != producers*each || len(seen) != producers*each || report.Head != head {
		t.Fatalf("report %+v, %d receipts, %v", report, len(seen), err)
	}
	for i, text := range strings.Split(strings.TrimSpace(string(content(t, dir))), "\n") {
		if seen[uint64(i)] != text[:hashLen] {
			t.Fatalf("receipt of entry %d has another hash", i)
		}
	}
}

func TestCloseWhileAppending(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	var wg sync.WaitGroup
	var mu sync.Mutex
	acked := uint64(0)
	for range 8 {
		wg.Go(func() {
			for {
				r, err := l.Append(ctx, note("x"))
				if err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				acked = max(acked, r.Index+1)
				mu.Unlock()
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	mustClose(t, l)
	mustClose(t, l)
	wg.Wait()
	report, err := VerifyFile(filepath.Join(dir, FileName), nil)
	if err != nil || report.Entries < acked {
		t.Errorf("%d acknowledged, report %+v, %v", acked, report, err)
	}
	if _, err := l.Append(ctx, note("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
}

// A plugin chooses its audit objects. None of them may keep the host from starting again.
func TestWhatIsAcceptedCanBeReadBack(t *testing.T) {
	deep := strings.Repeat(`{"a":`, abi.MaxJSONDepth-1) + "[]" + strings.Repeat("}", abi.MaxJSONDepth-1)
	for name, detail := range map[string]string{
		"as deep as allowed": deep, "too deep": `{"a":` + deep + "}", "odd numbers": `{"a":[-0,1e999,0.1E-400,123456789012345678901234567890]}`,
		"separators": "{\"\u2028\":\"\u2029</script>\"}", "nul": `{"\u0000":"\u0000"}`, "surrogates": `{"\ud83d\ude00":"😀"}`, "space": " {\r\n\t} \n",
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
		})
	}
}

func TestADevelopmentHostMarksEveryEntry(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(Config{Dir: dir, Development: true})
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, l, note("x"))
	mustClose(t, l)
	if !bytes.Contains(content(t, dir), []byte(`"development":true`)) {
		t.Error("an entry of a development host does not say so")
	}
}
