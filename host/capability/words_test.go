package capability

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

type logLine struct {
	Level, Msg, Plugin, Call, Via, Line string
	Cut, Dropped                        int
}

func logged(t *testing.T, h *house) []logLine {
	t.Helper()
	var out []logLine
	for text := range strings.Lines(h.lines.String()) {
		var l logLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	h.lines.Reset()
	return out
}

func TestLogWritesOneRecordForOneLine(t *testing.T) {
	h := newHouse()
	b := h.bind(t)
	for level, want := range map[uint32]string{0: "DEBUG", 1: "INFO", 2: "WARN", 3: "ERROR", 4: "ERROR", 1<<32 - 1: "ERROR"} {
		if out, err := b.Capability(within(), abi.Log, level, []byte("dst"), []byte("hello")); err != nil || string(out) != "dst" {
			t.Errorf("%q, %v", out, err)
		}
		if got := logged(t, h); len(got) != 1 || got[0] != (logLine{Level: want, Msg: "plugin log", Plugin: "inspect", Call: "call-1", Line: "hello"}) {
			t.Errorf("level %d: %+v", level, got)
		}
	}
	ctx := gate.WithRunning(bg, &gate.Running{Call: "call-2", Via: "inspect"})
	b.Capability(ctx, abi.Log, 1, nil, nil)
	if got := logged(t, h); len(got) != 1 || got[0].Via != "inspect" || got[0].Call != "call-2" || got[0].Line != "" {
		t.Errorf("%+v", got)
	}
}

func TestLogEscapesHostileWords(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "größer als 日本 🙂", "größer als 日本 🙂"},
		{"forged record", "a\nlevel=INFO msg=\"gate open\"", `a\nlevel=INFO msg="gate open"`},
		{"controls", "\x00\a\b\t\r\x1b[2J\x7f", `\x00\a\b\t\r\x1b[2J\x7f`},
		{"C1", "\u0085\u009b31m", `\u0085\u009b31m`},
		{"bidi", "\u202e\u2066\u200f\u061c", `\u202e\u2066\u200f\u061c`},
		{"zero width", "\u200b\u200d\ufeff\u2060\u00ad\u034f", `\u200b\u200d\ufeff\u2060\u00ad\u034f`},
		{"fillers", "\u3164\u115f\uffa0\ufe0f", `\u3164\u115f\uffa0\ufe0f`},
		{"tags", "\U000e0041", `\U000e0041`},
		{"lines", "\u2028\u2029", `\u2028\u2029`},
		{"invalid UTF-8", "a\xff\xc0\x80\xed\xa0\x80", `a\xff\xc0\x80\xed\xa0\x80`},
		{"replacement character itself", "\ufffd", "\ufffd"},
		{"backslash", `\n`, `\\n`},
		{"private use, unassigned", "\ue000\U000fffff", `\ue000\U000fffff`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			h := newHouse()
			h.config.Log = slog.New(slog.NewTextHandler(&out, nil))
			h.bind(t).Capability(within(), abi.Log, 1, nil, []byte(c.in))
			if strings.Count(out.String(), "\n") != 1 {
				t.Errorf("more than a line: %q", out.String())
			}
			if got := gate.Escape(c.in); got != c.want {
				t.Errorf("escaped to %q, want %q", got, c.want)
			}
		})
	}
}

func TestLongLinesAreCut(t *testing.T) {
	h := newHouse()
	b := h.bind(t)
	for _, c := range []struct {
		in   string
		kept int
	}{
		{strings.Repeat("x", abi.MaxLogLine), abi.MaxLogLine},
		{strings.Repeat("x", abi.MaxLogLine+1), abi.MaxLogLine},
		{strings.Repeat("x", 1<<20), abi.MaxLogLine},
		{strings.Repeat("日", 2000), abi.MaxLogLine / 3 * 3},
		{"x" + strings.Repeat("🙂", 2000), 1 + (abi.MaxLogLine-1)/4*4},
	} {
		b.Capability(within(), abi.Log, 1, nil, []byte(c.in))
		got := logged(t, h)
		if len(got) != 1 || got[0].Line != c.in[:c.kept] || got[0].Cut != len(c.in)-c.kept {
			t.Errorf("%d bytes of %.4s: kept %d, cut %d", len(c.in), c.in, len(got[0].Line), got[0].Cut)
		}
	}
	b.Capability(within(), abi.Log, 1, nil, bytes.Repeat([]byte{0x80}, abi.MaxLogLine+9))
	if got := logged(t, h); len(got) != 1 || got[0].Line != strings.Repeat(`\x80`, abi.MaxLogLine) || got[0].Cut != 9 {
		t.Errorf("no characters: cut %d", got[0].Cut)
	}
}

func TestDroppedLinesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.config.Quotas.Log = Quota{1, 3}
		b := h.bind(t)
		for range 10 {
			b.Capability(within(), abi.Log, 1, nil, []byte("x"))
		}
		if got := logged(t, h); len(got) != 3 || got[2].Dropped != 0 {
			t.Errorf("%+v", got)
		}
		for _, want := range []int{7, 0} {
			time.Sleep(time.Second)
			b.Capability(within(), abi.Log, 1, nil, []byte("x"))
			if got := logged(t, h); len(got) != 1 || got[0].Dropped != want {
				t.Errorf("%+v, want %d dropped", got, want)
			}
		}
	})
}

func FuzzEscape(f *testing.F) {
	f.Add("a\n\x1b\u202e\xff\\")
	f.Add("\U000e0041\u3164")
	f.Fuzz(func(t *testing.T, in string) {
		out := gate.Escape(in)
		if !utf8.ValidString(out) || len(out) > 6*len(in) {
			t.Errorf("%q", out)
		}
		for _, r := range out {
			if !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q in %q", r, out)
			}
		}
		if !strings.Contains(out, `\`) && out != in {
			t.Errorf("%q became %q", in, out)
		}
	})
}

func report(done, total float64) []byte {
	b := binary.LittleEndian.AppendUint64(nil, math.Float64bits(done))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(total))
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		ctx := WithProgress(within(), func(done, total float64) { got = append(got, fmt.Sprintf("%g/%g", done, total)) })
		b := newHouse().bind(t)
		for _, c := range []struct {
			pause       time.Duration
			done, total float64
			ok          bool
		}{
			{0, math.NaN(), 10, false},
			{0, 1, math.Inf(1), false},
			{0, -1, 10, false},
			{0, 1, -10, false},
			{0, 1, 10, true},                            // sent
			{0, 2, 10, true},                            // too early
			{progressInterval, 1.5, 10, false},          // back
			{0, 3, 11, false},                           // another total
			{0, 2, 10, true},                            // sent
			{progressInterval, 2, 10, true},             // nothing new
			{progressInterval - 1, 4, 10, true},         // sent: the last one was not
			{progressInterval - 1, 5, 10, true},         // too early
			{1, 6, 10, true},                            // sent
			{time.Hour, 20, 10, true},                   // sent
			{time.Hour, math.MaxFloat64, 10, true},      // sent
			{time.Hour, math.Copysign(0, -1), 0, false}, // back
		} {
			time.Sleep(c.pause)
			_, err := b.Capability(ctx, abi.Progress, 0, nil, report(c.done, c.total))
			if (err == nil) != c.ok || err != nil && !errors.Is(err, abi.ErrInvalid) {
				t.Errorf("%g/%g: %v", c.done, c.total, err)
			}
		}
		if want := []string{"1/10", "2/10", "4/10", "6/10", "20/10", "1.7976931348623157e+308/10"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestProgressNobodyAskedFor(t *testing.T) {
	called := false
	sink := func(float64, float64) { called = true }
	h := newHouse()
	tool := h.bind(t)
	ended, cancel := context.WithCancel(WithProgress(within(), sink))
	cancel()
	for _, ctx := range []context.Context{within(), bg, WithProgress(WithProgress(within(), sink), nil), ended} {
		if _, err := tool.Capability(ctx, abi.Progress, 0, nil, report(1, 2)); err != nil {
			t.Error(err)
		}
	}
	for _, role := range []abi.Role{abi.RoleAuth, abi.RolePolicy, abi.RoleModel} {
		h.config = Config{Alias: "a", Name: "acme/a", Digest: hexA, Role: role}
		if _, err := h.bind(t).Capability(WithProgress(within(), sink), abi.Progress, 0, nil, report(1, 2)); err != nil {
			t.Error(err)
		}
	}
	for _, n := range []int{0, 15, 17} {
		if _, err := tool.Capability(WithProgress(within(), sink), abi.Progress, 0, nil, make([]byte, n)); !errors.Is(err, abi.ErrInvalid) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if called {
		t.Error("a report reached a client that did not ask for it")
	}
}
