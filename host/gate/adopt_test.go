package gate

import (
	"errors"
	"strings"
	"testing"
)

// A call keeps the trace that it brought, if it is one; a span is worth nothing without it.
func TestAdoptKeepsWhatIsATrace(t *testing.T) {
	const id, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for _, tt := range []struct {
		name, trace, parent   string
		keepTrace, keepParent bool
	}{
		{"both", id, span, true, true},
		{"no parent", id, "", true, false},
		{"neither", "", "", false, false},
		{"parent alone", "", span, false, false},
		{"malformed trace", id + "0", span, false, false},
		{"upper case trace", strings.ToUpper(id), span, false, false},
		{"zero trace", strings.Repeat("0", 32), span, false, false},
		{"words for a trace", strings.Repeat("words\n", 6)[:32], span, false, false},
		{"zero parent", id, strings.Repeat("0", 16), true, false},
		{"long parent", id, span + "0", true, false},
		{"words for a parent", id, "words and words.", true, false},
	} {
		c := &Call{Trace: tt.trace, Parent: tt.parent}
		c.adopt("")
		if (c.Trace == tt.trace) != tt.keepTrace || !isTraceField(c.Trace, 32) || tt.keepParent && c.Parent != tt.parent || !tt.keepParent && c.Parent != "" {
			t.Errorf("%s: trace %q, parent %q", tt.name, c.Trace, c.Parent)
		}
	}
}

// What is wrong with arguments is said in their sender's words, which are for him alone.
func TestTheLogDoesNotQuoteArguments(t *testing.T) {
	for name, setup := range map[string]func(*Call){
		"check":     func(c *Call) { c.Check = func() error { return errors.New("planted: not allowed") } },
		"canonical": func(c *Call) { c.Params = []byte(`{"planted":1,"planted":2}`) },
	} {
		w := newWorld(t).open(t)
		c := call()
		setup(c)
		_, err := w.Do(t.Context(), c, &fakeTool{w: w})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Cause.Error(), "planted") {
			t.Errorf("%s: the sender does not hear of it: %v", name, err)
		}
		if got := asJSON(w.entries); len(w.entries) != 1 || strings.Contains(got, "planted") {
			t.Errorf("%s: the log says %s", name, got)
		}
	}
}
