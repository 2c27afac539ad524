package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// An answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	raw    string
	id     any
	result map[string]any
	code   int
	data   map[string]any
	text   string // of the error
}

func (a answer) String() string { return fmt.Sprintf("%d %d %s", a.status, a.code, a.raw) }

type option func(*http.Request)

func with(name string, values ...string) option {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

// loopback makes a request that came from nowhere one of this machine.
func loopback(r *http.Request) {
	r.Host, r.RemoteAddr = "127.0.0.1:80", "127.0.0.1:1"
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
	*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
}

func host(h string) option { return func(r *http.Request) { r.Host = h } }

func as(token string) option { return with("Authorization", "Bearer "+token) }

// modern adds the headers of 2026-07-28.
func modern(method, name string) option {
	return func(r *http.Request) {
		r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
		r.Header.Set("Mcp-Method", method)
		if name != "" {
			r.Header.Set("Mcp-Name", name)
		}
	}
}

// request is one by alice, unless options say otherwise.
func (w *world) request(t testing.TB, method, body string, options ...option) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+Path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Authorization", "Bearer alice")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, o := range options {
		o(r)
	}
	return r
}

// send makes a request.
func (w *world) send(t testing.TB, method, body string, options ...option) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(w.request(t, method, body, options...))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return readAnswer(resp.StatusCode, resp.Header, raw)
}

func (w *world) post(t testing.TB, body string, options ...option) answer {
	t.Helper()
	return w.send(t, http.MethodPost, body, options...)
}

// readAnswer takes the last event of a stream, or the body.
func readAnswer(status int, header http.Header, raw []byte) answer {
	a := answer{status: status, header: header, raw: string(raw)}
	body := a.raw
	if i := strings.LastIndex(body, "data: "); i >= 0 {
		body = body[i+len("data: "):]
	}
	var m struct {
		ID     any
		Result map[string]any
		Error  *struct {
			Code    int
			Message string
			Data    map[string]any
		}
	}
	if json.Unmarshal([]byte(body), &m) == nil {
		a.id, a.result = m.ID, m.Result
		if m.Error != nil {
			a.code, a.text, a.data = m.Error.Code, m.Error.Message, m.Error.Data
		}
	}
	return a
}

const initializeBody = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`

// begin opens a session of the older generation.
func (w *world) begin(t testing.TB, options ...option) string {
	t.Helper()
	a := w.post(t, initializeBody, options...)
	id := a.header.Get("Mcp-Session-Id")
	if a.status != 200 || a.result["protocolVersion"] != "2025-11-25" || len(id) < 26 {
		t.Fatalf("initialize: %v", a)
	}
	w.actions()
	return id
}

const metaBody = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`

// callBody is a tools/call of the newer generation.
func callBody(tool, arguments string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + `,` + metaBody + `}}`
}

func (w *world) call(t testing.TB, tool, arguments string, options ...option) answer {
	t.Helper()
	return w.post(t, callBody(tool, arguments), append([]option{modern("tools/call", tool)}, options...)...)
}
