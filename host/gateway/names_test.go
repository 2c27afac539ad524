package gateway

import (
	"strings"
	"testing"
)

// The log has names that something could have, and no other words of clients.
func TestWhatNamesEnterTheLog(t *testing.T) {
	w := serve(t, nil)
	for name, want := range map[string]string{
		"echo": "echo", "no_such.tool-1": "no_such.tool-1", "": unnamed, "Echo": unnamed, "a b": unnamed, "a\\nb": unnamed, "é": unnamed, "a/b": unnamed,
		strings.Repeat("x", 64): strings.Repeat("x", 64), strings.Repeat("x", 65): unnamed,
	} {
		w.post(t, `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"`+name+`","arguments":{"t":"x"}}}`, with("Mcp-Session-Id", w.begin(t)))
		w.mu.Lock()
		got := w.entries[len(w.entries)-1].Resource
		w.mu.Unlock()
		if got != want {
			t.Errorf("%q is logged as %q, want %q", name, got, want)
		}
	}
	for method, known := range map[string]bool{strings.Repeat("m", 64): true, strings.Repeat("m", 65): false, "a b": false, "é": false} {
		w.actions()
		w.post(t, `{"jsonrpc":"2.0","id":3,"method":"`+method+`"}`)
		if got := w.actions(); (got == method) != known || !known && got != "" {
			t.Errorf("%q passed the gate as %q", method, got)
		}
	}
}
