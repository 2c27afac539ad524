package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Every well-formed message passes the gate exactly once, whatever becomes of it, in both generations.
func TestNothingGoesPastTheGate(t *testing.T) {
	methods := []string{
		"initialize", "ping", "tools/list", "tools/call", "server/discover", "completion/complete", "logging/setLevel",
		"prompts/get", "prompts/list", "resources/list", "resources/read", "resources/subscribe", "resources/templates/list",
		"resources/unsubscribe", "subscriptions/listen", "notifications/cancelled", "notifications/initialized",
		"notifications/progress", "notifications/roots/list_changed", "sampling/createMessage", "no/such", "rpc.discover",
	}
	params := []string{
		"", `{}`, `{"name":"echo","arguments":{"t":"x"}}`, `{"name":5}`, `{"name":"echo","arguments":7}`, `{"cursor":3}`,
		`{"requestId":{}}`, `{"requestId":1}`, `{"_meta":7}`, `{"_meta":{"progressToken":{}}}`, `{"name":"echo","arguments":{"t":"x"},` + metaBody + `}`,
		`{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}`, `{"_meta":{"io.modelcontextprotocol/protocolVersion":7}}`,
		`{"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25"}}`, `{"_meta":{"io.modelcontextprotocol/protocolVersion":"2999-01-01"}}`,
	}
	w := serve(t, nil)
	session := w.begin(t)
	headers := map[string]func(method string) option{
		"none":      func(string) option { return func(*http.Request) {} },
		"session":   func(string) option { return with("Mcp-Session-Id", session) },
		"foreign":   func(string) option { return with("Mcp-Session-Id", "nosuchsession") },
		"modern":    func(m string) option { return modern(m, "echo") },
		"lying":     func(string) option { return modern("ping", "other") },
		"future":    func(string) option { return with("Mcp-Protocol-Version", "2999-01-01") },
		"past":      func(string) option { return with("Mcp-Protocol-Version", "2020-01-01") },
		"no accept": func(string) option { return with("Accept", "text/html") },
	}
	for name, header := range headers {
		for _, m := range methods {
			for _, p := range params {
				for _, id := range []string{`"id":1,`, ""} {
					body := `{"jsonrpc":"2.0",` + id + `"method":"` + m + `"`
					if p != "" {
						body += `,"params":` + p
					}
					a := w.post(t, body+`}`, header(m))
					if got := w.actions(); got != m {
						t.Errorf("%s, %s}: through the gate %q; answer %v", name, body, got, a)
					}
					checkShort(t, fmt.Sprintf("%s, %s}", name, body), a)
				}
			}
		}
	}
}

// checkShort looks for words of the library's innards.
func checkShort(t *testing.T, what string, a answer) {
	t.Helper()
	for _, inner := range []string{"unmarshal", "*mcp.", "jsonrpc2", "goroutine"} {
		if strings.Contains(a.raw, inner) {
			t.Errorf("%s: %v", what, a)
		}
	}
	if a.code != 0 && (a.data["call"] == nil || len(a.text) > maxMessage) {
		t.Errorf("%s: the error names no call or is long: %v", what, a)
	}
	if a.status >= 400 && a.code == 0 {
		t.Errorf("%s: no JSON-RPC error: %v", what, a)
	}
}

func TestOtherVerbsPassTheGate(t *testing.T) {
	w := serve(t, nil)
	session := with("Mcp-Session-Id", w.begin(t))
	for _, c := range []struct {
		name, method string
		options      []option
		status       int
		action       string
	}{
		{"GET without session", "GET", nil, 400, "stream/open"},
		{"GET of a foreign session", "GET", []option{session, as("bob")}, 404, "stream/open"},
		{"GET in the newer generation", "GET", []option{session, with("Mcp-Protocol-Version", "2026-07-28")}, 405, "stream/open"},
		{"GET of an old version", "GET", []option{session, with("Mcp-Protocol-Version", "1999-01-01")}, 400, "stream/open"},
		{"DELETE without session", "DELETE", nil, 400, "session/delete"},
		{"DELETE of a foreign session", "DELETE", []option{session, as("bob")}, 404, "session/delete"},
		{"DELETE of no session", "DELETE", []option{with("Mcp-Session-Id", "nosuch")}, 404, "session/delete"},
		{"DELETE", "DELETE", []option{session}, 204, "session/delete"},
		{"DELETE again", "DELETE", []option{session}, 404, "session/delete"},
		{"PUT", "PUT", nil, 405, ""},
		{"HEAD", "HEAD", nil, 405, ""},
		{"OPTIONS", "OPTIONS", nil, 405, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.send(t, c.method, "", c.options...)
			if got := w.actions(); a.status != c.status || got != c.action {
				t.Errorf("%v; through the gate %q", a, got)
			}
		})
	}
}

func TestResponsesOfClients(t *testing.T) {
	w := serve(t, nil)
	session := with("Mcp-Session-Id", w.begin(t))
	for _, body := range []string{`{"jsonrpc":"2.0","id":1,"result":{}}`, `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}`} {
		if a := w.post(t, body, session); a.status != 400 || a.code != -32600 || w.actions() != "client/response" {
			t.Error(a)
		}
	}
}

// A session is no credential, and to another principal it does not exist.
func TestSessionHijack(t *testing.T) {
	w := serve(t, nil)
	id := w.begin(t)
	ping := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	if a := w.post(t, ping, with("Mcp-Session-Id", id)); a.status != 200 {
		t.Fatal(a)
	}
	same := func(a, b answer) bool {
		raw := func(x answer) string { return strings.Replace(x.raw, x.data["call"].(string), "", 1) }
		return a.status == b.status && raw(a) == raw(b)
	}
	for _, verb := range []string{"POST", "GET", "DELETE"} {
		foreign := w.send(t, verb, ping, with("Mcp-Session-Id", id), as("bob"), with("Content-Type", "application/json"))
		unknown := w.send(t, verb, ping, with("Mcp-Session-Id", strings.Repeat("A", len(id))), as("bob"), with("Content-Type", "application/json"))
		if foreign.status != 404 || !same(foreign, unknown) {
			t.Errorf("%s: foreign %v, unknown %v", verb, foreign, unknown)
		}
	}
	if a := w.post(t, ping, with("Mcp-Session-Id", id), as("")); a.status != 401 {
		t.Errorf("a session without a credential: %v", a)
	}
	if a := w.post(t, initializeBody, with("Mcp-Session-Id", id)); a.status != 200 || a.code == 0 {
		t.Errorf("initialized twice: %v", a)
	}
	if a := w.post(t, ping, with("Mcp-Session-Id", id)); a.status != 200 || a.code != 0 {
		t.Errorf("the session is gone: %v", a)
	}
}

func TestSessionLimits(t *testing.T) {
	w := serve(t, func(_ *world, c *Config) { c.Limits.Sessions, c.Limits.SessionsPerPrincipal = 5, 3 })
	ping := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	alive := func(id, who string) bool {
		return w.post(t, ping, with("Mcp-Session-Id", id), as(who)).status == 200
	}
	bob := w.begin(t, as("bob"))
	first, second := w.begin(t), w.begin(t)
	w.begin(t)
	if !alive(first, "alice") { // and is now the one used last
		t.Fatal("the first session is gone")
	}
	w.begin(t)
	if alive(second, "alice") || !alive(first, "alice") || !alive(bob, "bob") {
		t.Error("it was not alice's least recently used session that made room")
	}
	w.begin(t, as("bob"))
	if a := w.post(t, initializeBody, as("bob")); a.code != CodeTooMany || a.header.Get("Mcp-Session-Id") != "" {
		t.Errorf("a sixth session: %v %v", a, a.header)
	}
	if !alive(first, "alice") {
		t.Error("alice's session ended for bob's")
	}
}

// A standing stream keeps no session from making room: clients that forget their streams must not lock themselves out.
func TestSessionsWithStreamsMakeRoom(t *testing.T) {
	w := serve(t, func(_ *world, c *Config) { c.Limits.SessionsPerPrincipal = 2 })
	for range 4 {
		w.get(t, w.begin(t))
	}
}
