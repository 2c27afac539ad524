package gateway

import (
	"strings"
	"testing"
)

func TestTraceparent(t *testing.T) {
	const id, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	known := trace{id, span}
	for _, tt := range []struct {
		name, in string
		want     trace
	}{
		{"version 00", "00-" + id + "-" + span + "-01", known},
		{"not sampled", "00-" + id + "-" + span + "-00", known},
		{"unknown flags", "00-" + id + "-" + span + "-ff", known},
		{"a later version", "01-" + id + "-" + span + "-01", known},
		{"a later version with more", "cc-" + id + "-" + span + "-01-what-the-future-will-be-like", known},
		{"a later version with an empty more", "cc-" + id + "-" + span + "-01-", known},
		{"a later version that goes on without a dash", "cc-" + id + "-" + span + "-01.what", trace{}},
		{"a later version, very long", "cc-" + id + "-" + span + "-01-" + strings.Repeat("x", 1<<16), known},
		{"version ff", "ff-" + id + "-" + span + "-01", trace{}},
		{"version 00 with more", "00-" + id + "-" + span + "-01-", trace{}},
		{"version 00, very long", "00-" + id + "-" + span + "-01" + strings.Repeat("1", 1<<16), trace{}},
		{"empty", "", trace{}},
		{"short", "00-" + id + "-" + span + "-0", trace{}},
		{"no flags", "00-" + id + "-" + span, trace{}},
		{"zero trace", "00-" + strings.Repeat("0", 32) + "-" + span + "-01", trace{}},
		{"zero span", "00-" + id + "-" + strings.Repeat("0", 16) + "-01", trace{}},
		{"upper case trace", "00-" + strings.ToUpper(id) + "-" + span + "-01", trace{}},
		{"upper case span", "00-" + id + "-" + strings.ToUpper(span) + "-01", trace{}},
		{"upper case version", "CC-" + id + "-" + span + "-01", trace{}},
		{"upper case flags", "00-" + id + "-" + span + "-0A", trace{}},
		{"no hex in the trace", "00-" + id[:31] + "g-" + span + "-01", trace{}},
		{"no hex in the span", "00-" + id + "-" + span[:15] + ".-01", trace{}},
		{"no hex in the version", "0.-" + id + "-" + span + "-01", trace{}},
		{"no hex in the flags", "00-" + id + "-" + span + "-0x", trace{}},
		{"shifted dashes", "000-" + id[1:] + "-" + span + "-01", trace{}},
		{"other separators", "00_" + id + "_" + span + "_01", trace{}},
		{"space before", " 00-" + id + "-" + span + "-01", trace{}},
		{"space behind", "00-" + id + "-" + span + "-01 ", trace{}},
		{"line feed", "00-" + id + "-" + span + "-01\n", trace{}},
		{"several", "00-" + id + "-" + span + "-01,00-" + id + "-" + span + "-01", trace{}},
		{"no ASCII", "00-" + strings.Repeat("é", 16) + "-" + span + "-01", trace{}},
	} {
		if got := parseTrace(tt.in); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func parentOf(digit string) string {
	return "00-" + strings.Repeat(digit, 32) + "-" + strings.Repeat(digit, 16) + "-01"
}

// Both entries of a call stand in the caller's trace. What is in _meta wins over the header, unless it is malformed.
func TestTraceOfACall(t *testing.T) {
	for _, tt := range []struct {
		name, header, meta string
		want               string // the digit of the trace; "": a new one
	}{
		{"neither", "", "", ""},
		{"header", parentOf("a"), "", "a"},
		{"_meta", "", `"` + parentOf("b") + `"`, "b"},
		{"both", parentOf("a"), `"` + parentOf("b") + `"`, "b"},
		{"malformed header", "00-a", "", ""},
		{"malformed header, good _meta", "00-a", `"` + parentOf("b") + `"`, "b"},
		{"good header, malformed _meta", parentOf("a"), `"` + strings.ToUpper(parentOf("b")) + `"`, "a"},
		{"good header, _meta that is no text", parentOf("a"), `{"a":7}`, "a"},
		{"both malformed", "ff" + parentOf("a")[2:], `"00-b"`, ""},
		{"zeros", "00-" + strings.Repeat("0", 32) + "-" + strings.Repeat("a", 16) + "-01", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(t, nil)
			body := callBody("echo", `{"t":"x"}`)
			if tt.meta != "" {
				body = strings.Replace(body, `"_meta":{`, `"_meta":{"traceparent":`+tt.meta+`,"tracestate":"planted=1",`, 1)
			}
			o := []option{modern("tools/call", "echo"), with("Tracestate", "planted=2")}
			if tt.header != "" {
				o = append(o, with("Traceparent", tt.header))
			}
			if a := w.post(t, body, o...); a.result == nil {
				t.Fatal(a)
			}
			w.wantTrace(t, tt.want)
		})
	}
}

// wantTrace looks at the decision and the result of one call.
func (w *world) wantTrace(t *testing.T, digit string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.entries) != 2 || w.entries[0].TraceID != w.entries[1].TraceID || w.entries[0].Parent != w.entries[1].Parent {
		t.Fatalf("%+v", w.entries)
	}
	id, parent := w.entries[0].TraceID, w.entries[0].Parent
	switch {
	case digit == "" && (len(id) != 32 || strings.Trim(id, "0") == "" || parent != ""):
		t.Errorf("trace %q, parent %q; want a new trace and no parent", id, parent)
	case digit != "" && (id != strings.Repeat(digit, 32) || parent != strings.Repeat(digit, 16)):
		t.Errorf("trace %q, parent %q; want those of %s", id, parent, digit)
	}
}

func TestTraceOnStdio(t *testing.T) {
	w := newWorld(t, nil)
	conn := &stdioConn{server: w.Server}
	m, malformed := parse([]byte(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"traceparent":"` + parentOf("c") + `"}}}`))
	if malformed != nil {
		t.Fatal(malformed)
	}
	if c := conn.newExchange(m).call; c.Trace != strings.Repeat("c", 32) || c.Parent != strings.Repeat("c", 16) {
		t.Errorf("%+v", c)
	}
}

// Two values cannot both be the caller's: such a request is turned away like any with a repeated header.
func TestRepeatedTraceparent(t *testing.T) {
	w := serve(t, nil)
	a := w.call(t, "echo", `{"t":"x"}`, with("Traceparent", parentOf("a"), parentOf("b")))
	if a.status != 400 || w.actions() != "" {
		t.Error(a)
	}
}

// Whatever a client writes, what enters the log are two numbers that stand in it, or nothing.
func FuzzTraceparent(f *testing.F) {
	for _, seed := range []string{parentOf("a"), "cc" + parentOf("a")[2:] + "-more", "ff" + parentOf("b")[2:], parentOf("0"), strings.ToUpper(parentOf("c")), "", strings.Repeat("-", 55)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := parseTrace(in)
		if got == (trace{}) {
			return
		}
		if len(got.id) != 32 || len(got.parent) != 16 || !isHex(got.id+got.parent) || isZero(got.id) || isZero(got.parent) || in[2:53] != "-"+got.id+"-"+got.parent+"-" {
			t.Errorf("%q is %+v", in, got)
		}
	})
}
