package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeLog is a log in memory.
type fakeLog struct {
	origin  string
	entries []*Entry
	first   uint64
	reads   int
}

func newFake(t testing.TB, n int, marks ...string) *fakeLog {
	l := &fakeLog{origin: "bulkhead/d/1"}
	l.grow(t, n, marks...)
	return l
}

func (l *fakeLog) grow(t testing.TB, n int, marks ...string) {
	previous := strings.Repeat("0", 64)
	if len(l.entries) > 0 {
		previous = l.entries[len(l.entries)-1].Hash
	}
	for range n {
		e := plain()
		e.PreviousHash, e.Resource = previous, fmt.Sprint(len(l.entries), marks)
		l.entries = append(l.entries, entry(t, uint64(len(l.entries)), e))
		previous = l.entries[len(l.entries)-1].Hash
	}
}

func (l *fakeLog) Origin() string { return l.origin }

func (l *fakeLog) Bounds() (uint64, uint64, error) { return l.first, uint64(len(l.entries)), nil }

func (l *fakeLog) Read(ctx context.Context, from, to uint64, visit func(*Entry) error) error {
	l.reads++
	if from < l.first {
		return os.ErrNotExist
	}
	for _, e := range l.entries[from:to] {
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

var errCrash = errors.New("crash")

// run exports into out as lines of JSON; it crashes after so many writes, if that is not negative, with some bytes of the
// last one written.
func (l *fakeLog) run(t testing.TB, start *Cursor, out *bytes.Buffer, crash int, change ...func(*Job)) (*Cursor, error) {
	t.Helper()
	c, err := New(JSONLines, Options{})
	if err != nil {
		t.Fatal(err)
	}
	saved := start
	j := &Job{Log: l, Encoder: c, Start: start, Save: func(c Cursor) error { saved = &c; return nil }}
	j.Output = writerFunc(func(p []byte) (int, error) {
		if crash == 0 {
			out.Write(p[:rand.IntN(len(p)+1)])
			return 0, errCrash
		}
		crash--
		return out.Write(p)
	})
	for _, f := range change {
		f(j)
	}
	_, err = j.Run(t.Context())
	return saved, err
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// indices returns those of the whole lines.
func indices(t testing.TB, out []byte) []uint64 {
	t.Helper()
	var all []uint64
	for line := range bytes.Lines(out) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			continue
		}
		_, index, err := decodeJSON(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, index)
	}
	return all
}

func TestRun(t *testing.T) {
	l := newFake(t, 2*MaxBatch+10)
	var out bytes.Buffer
	at, err := l.run(t, nil, &out, -1)
	if err != nil || at.Index != 2*MaxBatch+10 || at.Origin != l.origin || at.Hash != l.entries[len(l.entries)-1].Hash {
		t.Fatalf("%+v, %v", at, err)
	}
	l.grow(t, 5)
	if at, err = l.run(t, at, &out, -1); err != nil || at.Index != 2*MaxBatch+15 {
		t.Fatalf("%+v, %v", at, err)
	}
	for i, index := range indices(t, out.Bytes()) {
		if index != uint64(i) {
			t.Fatalf("line %d is entry %d", i, index)
		}
	}
	if again, err := l.run(t, at, &out, 0); err != nil || *again != *at {
		t.Errorf("nothing new: %+v, %v", again, err)
	}
}

func TestSinceAndUntil(t *testing.T) {
	l := newFake(t, 50)
	from, to := uint64(7), uint64(11)
	var out bytes.Buffer
	if _, err := l.run(t, nil, &out, -1, func(j *Job) { j.Since, j.Until = &from, &to }); err != nil {
		t.Fatal(err)
	}
	if got := indices(t, out.Bytes()); !slices.Equal(got, []uint64{7, 8, 9, 10}) {
		t.Errorf("%v", got)
	}
}

// However often it crashes, what was written has no gap, and repeats only what the last batch had.
func TestCrashesLeaveNoGap(t *testing.T) {
	l := newFake(t, 5*MaxBatch)
	var out bytes.Buffer
	var at *Cursor
	for n := 0; ; n++ {
		before := uint64(0)
		if at != nil {
			before = at.Index
		}
		all := indices(t, out.Bytes())
		if len(all) > 0 && all[len(all)-1]+1 < before {
			t.Fatalf("the cursor is at %d, and only entries before %d were written", before, all[len(all)-1]+1)
		}
		out.Truncate(bytes.LastIndexByte(out.Bytes(), '\n') + 1) // as OpenOutput does
		var err error
		if at, err = l.run(t, at, &out, n%3); err == nil {
			break
		} else if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
	}
	next := uint64(0)
	for _, index := range indices(t, out.Bytes()) {
		if index > next || next-index > MaxBatch {
			t.Fatalf("entry %d after %d", index, next)
		}
		next = max(next, index+1)
	}
	if next != uint64(len(l.entries)) {
		t.Errorf("ends at %d", next)
	}
}

// What the receiver has not confirmed the cursor does not pass.
func TestConfirm(t *testing.T) {
	l := newFake(t, MaxBatch+1)
	var out bytes.Buffer
	var asked []uint64
	at, err := l.run(t, nil, &out, -1, func(j *Job) {
		j.Confirm = func(next uint64) error {
			if asked = append(asked, next); next > MaxBatch {
				return errCrash
			}
			return nil
		}
	})
	if !errors.Is(err, errCrash) || at.Index != MaxBatch || !slices.Equal(asked, []uint64{MaxBatch, MaxBatch + 1}) {
		t.Errorf("%+v, %v, %v", at, asked, err)
	}
}

func TestNotThisLog(t *testing.T) {
	good := newFake(t, 100)
	at, err := good.run(t, nil, &bytes.Buffer{}, -1)
	if err != nil {
		t.Fatal(err)
	}
	half := newFake(t, 50)
	mid, err := half.run(t, nil, &bytes.Buffer{}, -1)
	if err != nil {
		t.Fatal(err)
	}
	other := newFake(t, 100)
	other.origin = "bulkhead/e/1"
	forkedLater := newFake(t, 40)
	forkedLater.grow(t, 100, "forked")
	forkedNow := newFake(t, 40)
	forkedNow.grow(t, 10, "forked")
	pruned := newFake(t, 40)
	pruned.grow(t, 100, "forked")
	pruned.first = 50
	for name, tt := range map[string]struct {
		log *fakeLog
		at  *Cursor
	}{
		"another origin": {other, at}, "rolled back": {half, at}, "rolled back to nothing": {newFake(t, 0), at}, "forked": {forkedLater, mid}, "forked, and nothing new": {forkedNow, mid},
		"forked where it was pruned": {pruned, mid},
	} {
		var out bytes.Buffer
		if now, err := tt.log.run(t, tt.at, &out, -1); !errors.Is(err, ErrNotThisLog) || out.Len() > 0 || *now != *tt.at {
			t.Errorf("%s: %+v, %v, %d bytes", name, now, err, out.Len())
		}
	}
	good.grow(t, 10)
	if _, err := good.run(t, at, &bytes.Buffer{}, -1); err != nil {
		t.Errorf("the same log: %v", err)
	}
}

func TestGap(t *testing.T) {
	l := newFake(t, 100)
	until := uint64(20)
	at, err := l.run(t, nil, &bytes.Buffer{}, -1, func(j *Job) { j.Until = &until })
	if err != nil {
		t.Fatal(err)
	}
	l.first = 30
	var gap *GapError
	if _, err := l.run(t, at, &bytes.Buffer{}, -1); !errors.As(err, &gap) || *gap != (GapError{20, 30}) || !strings.Contains(err.Error(), "entries 20 to 29") {
		t.Errorf("%v", err)
	}
	since := uint64(3)
	if _, err := l.run(t, nil, &bytes.Buffer{}, -1, func(j *Job) { j.Since = &since }); !errors.As(err, &gap) {
		t.Errorf("since what was pruned: %v", err)
	}
	var out bytes.Buffer
	if _, err := l.run(t, nil, &out, -1); err != nil || indices(t, out.Bytes())[0] != 30 {
		t.Errorf("a new cursor begins with what there is: %v", err)
	}
	l.first = 20
	if _, err := l.run(t, at, &bytes.Buffer{}, -1); err != nil {
		t.Errorf("pruned up to the cursor: %v", err)
	}
}

func TestFollow(t *testing.T) {
	l := newFake(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := New(JSONLines, Options{})
	var out bytes.Buffer
	n := 0
	j := &Job{Log: l, Encoder: c, Output: &out, Follow: true, Save: func(at Cursor) error {
		if n++; n == 1 {
			l.grow(t, 2)
		} else {
			cancel()
		}
		return nil
	}}
	start := time.Now()
	at, err := j.Run(ctx)
	if err != nil || at.Index != 5 || len(indices(t, out.Bytes())) != 5 {
		t.Errorf("%+v, %v", at, err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	j.Start, j.Save = &at, nil
	l.entries = l.entries[:2]
	if _, err := j.Run(t.Context()); !errors.Is(err, ErrNotThisLog) {
		t.Errorf("rolled back: %v", err)
	}
	for name, change := range map[string]func(){
		"rolled back meanwhile": func() { l.entries = l.entries[:1] },
		"forked meanwhile":      func() { l.entries = l.entries[:1]; l.grow(t, 5, "forked") },
	} {
		*l = *newFake(t, 3)
		j.Start, j.Save = nil, func(Cursor) error { change(); return nil }
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if _, err := j.Run(ctx); !errors.Is(err, ErrNotThisLog) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

func TestCursorFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cursor")
	if _, err := ReadCursor(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	f, err := OpenCursor(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCursor(path); err == nil {
		t.Error("two have the cursor")
	}
	want := Cursor{"bulkhead/d/1", 7, strings.Repeat("a", 64)}
	if err := errors.Join(f.Save(Cursor{Origin: "bulkhead/d/1"}), f.Save(want)); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadCursor(path); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "{}", `{"origin":"x","index":1,"hash":""}`, `{"origin":"x","index":0,"hash":"a"}`, `{"origin":"","index":1,"hash":"a"}`,
		`{"origin":"x","index":1,"hash":"a","more":1}`, `{"origin":"x","index":-1,"hash":"a"}`, `{"origin":"x","index":1,"hash":"a"}{}`, strings.Repeat(" ", maxCursor+1)} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := ReadCursor(path); err == nil {
			t.Errorf("%.60q was taken as %+v", bad, c)
		}
	}
}

func TestOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	for _, tt := range []struct{ before, after string }{
		{"", ""}, {"a\n", "a\n"}, {"a\nb", "a\n"}, {"torn", ""}, {"a\n" + strings.Repeat("x", 200_000), "a\n"}, {"a\r\n\"b\r", "a\r\n"},
	} {
		if err := os.WriteFile(path, []byte(tt.before), 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := OpenOutput(path)
		if err != nil || o.Fresh != (tt.after == "") {
			t.Fatalf("%+v, %v", o, err)
		}
		if _, err := OpenOutput(path); err == nil {
			t.Error("two write to it")
		}
		if _, err := o.Write([]byte("next\n")); err != nil || o.Fresh {
			t.Error(err)
		}
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		if got, _ := os.ReadFile(path); string(got) != tt.after+"next\n" {
			t.Errorf("%.20q became %.40q", tt.before, got)
		}
	}
	if _, err := OpenOutput(t.TempDir()); err == nil {
		t.Error("opened a folder")
	}
	full, err := OpenOutput("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if _, err := full.Write([]byte("x")); err == nil {
		t.Error("a full disk took something")
	}
}
