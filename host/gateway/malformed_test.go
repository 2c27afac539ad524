package gateway

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"bulkhead/abi"
	"bulkhead/host/strictjson"
)

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// malformed lists bodies with the JSON-RPC code that they earn, over HTTP and over stdio alike.
var malformed = []struct {
	name, body string
	code       int
}{
	{"not JSON", `hello`, -32700},
	{"cut", `{"jsonrpc":"2.0","id":1`, -32700},
	{"byte order mark", "\ufeff" + initializeBody, -32700},
	{"trailing data", initializeBody + `{}`, -32700},
	{"trailing comma", `{"jsonrpc":"2.0","id":1,"method":"ping",}`, -32700},
	{"NUL", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\x00", -32700},
	{"bad UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"ping\"}", -32700},
	{"lone surrogate", `{"jsonrpc":"2.0","id":"\ud800","method":"ping"}`, -32700},
	{"NaN", `{"jsonrpc":"2.0","id":NaN,"method":"ping"}`, -32700},
	{"duplicate method", `{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}`, -32700},
	{"duplicate by escape", `{"jsonrpc":"2.0","id":1,"method":"ping","m\u0065thod":"tools/call"}`, -32700},
	{"duplicate tool", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"other","arguments":{"t":"x"}}}`, -32700},
	{"duplicate argument", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"t":"x","t":"y"}}}`, -32700},
	{"too deep", `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":` + nested(abi.MaxJSONDepth-1) + `}}`, -32700},
	{"very deep", nested(100_000), -32700},
	{"batch", `[` + initializeBody + `]`, -32600},
	{"empty batch", ` [ ]`, -32600},
	{"string", `"ping"`, -32600},
	{"null", `null`, -32600},
	{"no version", `{"id":1,"method":"ping"}`, -32600},
	{"version 1.0", `{"jsonrpc":"1.0","id":1,"method":"ping"}`, -32600},
	{"version as number", `{"jsonrpc":2.0,"id":1,"method":"ping"}`, -32600},
	{"wrong case", `{"jsonrpc":"2.0","id":1,"Method":"ping"}`, -32600},
	{"unknown member", `{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}`, -32600},
	{"id null", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, -32600},
	{"id float", `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, -32600},
	{"id exponent", `{"jsonrpc":"2.0","id":1e3,"method":"ping"}`, -32600},
	{"id huge", `{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}`, -32600},
	{"id array", `{"jsonrpc":"2.0","id":[1],"method":"ping"}`, -32600},
	{"id long", `{"jsonrpc":"2.0","id":"` + strings.Repeat("x", 257) + `","method":"ping"}`, -32600},
	{"method number", `{"jsonrpc":"2.0","id":1,"method":7}`, -32600},
	{"method empty", `{"jsonrpc":"2.0","id":1,"method":""}`, -32600},
	{"method null", `{"jsonrpc":"2.0","id":1,"method":null}`, -32600},
	{"method with line break", `{"jsonrpc":"2.0","id":1,"method":"ping\nx"}`, -32600},
	{"method long", `{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("x", 129) + `"}`, -32600},
	{"params array", `{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}`, -32600},
	{"params null", `{"jsonrpc":"2.0","id":1,"method":"ping","params":null}`, -32600},
	{"request and result", `{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}`, -32600},
	{"result and error", `{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}`, -32600},
	{"result without id", `{"jsonrpc":"2.0","result":{}}`, -32600},
	{"nothing", `{"jsonrpc":"2.0","id":1}`, -32600},
}

func TestMalformedBodies(t *testing.T) {
	w := serve(t, nil)
	session := with("Mcp-Session-Id", w.begin(t))
	for _, c := range malformed {
		t.Run(c.name, func(t *testing.T) {
			for _, o := range []option{session, modern("tools/call", "echo")} {
				a := w.post(t, c.body, o)
				if a.status != 400 || a.code != c.code || a.id != nil || strings.Contains(c.name, "batch") != (a.text == "batches are not supported") {
					t.Errorf("%v, want 400 %d", a, c.code)
				}
			}
			if got := w.actions() + w.tools(); got != "" {
				t.Errorf("through the gate: %q", got)
			}
		})
	}
	if a := w.post(t, ""); a.status != 400 || a.code != -32700 {
		t.Error(a)
	}
}

func TestHeaders(t *testing.T) {
	w := serve(t, nil)
	body := callBody("echo", `{"t":"x"}`)
	ok := modern("tools/call", "echo")
	for _, c := range []struct {
		name   string
		status int
		code   int
		o      option
	}{
		{"fine", 200, 0, with("Content-Type", "application/json; charset=UTF-8")},
		{"text", 415, -32600, with("Content-Type", "text/plain")},
		{"form", 415, -32600, with("Content-Type", "application/x-www-form-urlencoded")},
		{"none", 415, -32600, with("Content-Type", "")},
		{"Latin-1", 415, -32600, with("Content-Type", "application/json; charset=iso-8859-1")},
		{"gzip", 415, -32600, with("Content-Encoding", "gzip")},
		{"two types", 400, -32600, with("Content-Type", "application/json", "application/json")},
		{"two credentials", 400, -32600, with("Authorization", "Bearer alice", "Bearer bob")},
		{"two names", 400, -32600, with("Mcp-Name", "echo", "other")},
		{"two versions", 400, -32600, with("Mcp-Protocol-Version", "2026-07-28", "2025-11-25")},
		{"wrong name", 400, -32020, with("Mcp-Name", "other")},
		{"wrong method", 400, -32020, with("Mcp-Method", "tools/list")},
		{"no method", 400, -32020, func(r *http.Request) { r.Header.Del("Mcp-Method") }},
		{"no version", 400, -32020, func(r *http.Request) { r.Header.Del("Mcp-Protocol-Version") }},
		{"old version", 400, -32022, with("Mcp-Protocol-Version", "2020-01-01")},
		{"version with a space", 400, -32022, with("Mcp-Protocol-Version", "2025-11-25 x")},
		{"other version", 400, -32020, with("Mcp-Protocol-Version", "2026-07-29")},
		{"legacy version", 400, -32020, with("Mcp-Protocol-Version", "2025-11-25")},
		{"accept", 400, -32600, with("Accept", "application/json")},
		{"event id", 400, -32600, with("Last-Event-Id", "1_1")},
		{"token in the query", 404, 0, func(r *http.Request) { r.URL.RawQuery = "access_token=alice" }},
		{"other path", 404, 0, func(r *http.Request) { r.URL.Path = "/mcp/" }},
		{"doubled slash", 404, 0, func(r *http.Request) { r.URL.Path = "//mcp" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a := w.post(t, body, ok, c.o); a.status != c.status || a.code != c.code {
				t.Errorf("%v, want %d %d", a, c.status, c.code)
			}
		})
	}
	if w.tools() != "echo" {
		t.Error("more than the one fine call ran")
	}
}

func TestUnsupportedVersionNamesTheSupported(t *testing.T) {
	w := serve(t, nil)
	for _, v := range []string{"2020-01-01", "2999-01-01"} {
		body := strings.Replace(callBody("echo", `{"t":"x"}`), "2026-07-28", v, 1)
		a := w.post(t, body, modern("tools/call", "echo"), with("Mcp-Protocol-Version", v))
		if a.code != -32022 || a.data["requested"] != v || len(a.data["supported"].([]any)) < 4 || a.id != 7.0 {
			t.Error(a)
		}
	}
}

func TestBodySize(t *testing.T) {
	w := serve(t, nil)
	fill := func(n int) string {
		body := callBody("echo", `{"t":"@"}`)
		return strings.Replace(body, "@", strings.Repeat("x", n-len(body)+1), 1)
	}
	ok := modern("tools/call", "echo")
	if a := w.post(t, fill(1<<20), ok); a.status != 200 {
		t.Errorf("1 MiB: %.200v", a)
	}
	if a := w.post(t, fill(1<<20+1), ok); a.status != 413 || a.code != -32600 {
		t.Errorf("1 MiB and a byte: %.200v", a)
	}
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	if a := w.post(t, fill(2<<20), ok, chunked); a.status != 413 || a.code != -32600 {
		t.Errorf("2 MiB in chunks: %.200v", a)
	}
	if w.actions() != "tools/call" {
		t.Error("a large body came through")
	}
}

func TestHostAndOrigin(t *testing.T) {
	w := serve(t, func(_ *world, c *Config) { c.Origins = []string{"https://app.example", "http://localhost:3000"} })
	port := w.url[strings.LastIndex(w.url, ":"):]
	for _, c := range []struct {
		host, origin string
		ok           bool
	}{
		{"127.0.0.1" + port, "", true},
		{"localhost" + port, "", true},
		{"LocalHost" + port, "", false},
		{"[::1]" + port, "", true},
		{"127.0.0.1", "", false},
		{"127.0.0.1:80", "", false},
		{"localhost" + port + "0", "", false},
		{"evil.example", "", false},
		{"evil.example" + port, "", false},
		{"127.0.0.1.nip.io" + port, "", false},
		{"localhost.evil.example" + port, "", false},
		{"127.0.0.2" + port, "", false},
		{"0.0.0.0" + port, "", false},
		{"127.0.0.1" + port, "http://127.0.0.1" + port, true},
		{"127.0.0.1" + port, "http://localhost" + port, true},
		{"127.0.0.1" + port, "https://app.example", true},
		{"127.0.0.1" + port, "http://localhost:3000", true},
		{"127.0.0.1" + port, "http://app.example", false},
		{"127.0.0.1" + port, "https://app.example:444", false},
		{"127.0.0.1" + port, "https://APP.example", false},
		{"127.0.0.1" + port, "https://app.example.evil", false},
		{"127.0.0.1" + port, "https://app.example/", false},
		{"127.0.0.1" + port, "http://localhost:3001", false},
		{"127.0.0.1" + port, "http://localhost.evil" + port, false},
		{"127.0.0.1" + port, "https://127.0.0.1" + port, false},
		{"127.0.0.1" + port, "null", false},
		{"127.0.0.1" + port, "file://", false},
	} {
		o := []option{modern("tools/call", "echo"), host(c.host)}
		if c.origin != "" {
			o = append(o, with("Origin", c.origin))
		}
		a := w.post(t, callBody("echo", `{"t":"x"}`), o...)
		if a.status == 200 != c.ok || !c.ok && a.status != 403 {
			t.Errorf("host %q, origin %q: %v", c.host, c.origin, a)
		}
		if counted := w.takeForeign() == 1; counted == c.ok {
			t.Errorf("host %q, origin %q: counted as foreign: %v", c.host, c.origin, counted)
		}
		if got := a.header.Get("Access-Control-Allow-Origin"); c.ok && got != c.origin || !c.ok && got != "" {
			t.Errorf("origin %q may read: %q", c.origin, got)
		}
	}
	for _, o := range []option{with("Origin", "https://app.example", "https://evil.example"), with("Sec-Fetch-Site", "cross-site")} {
		if a := w.post(t, initializeBody, o); a.status != 403 {
			t.Error(a)
		}
	}
}

func TestPreflight(t *testing.T) {
	w := serve(t, func(_ *world, c *Config) { c.Origins = []string{"https://app.example"} })
	ask := with("Access-Control-Request-Method", "POST")
	a := w.send(t, "OPTIONS", "", ask, with("Origin", "https://app.example"))
	if a.status != 204 || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") || a.header.Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Error(a, a.header)
	}
	if a := w.send(t, "OPTIONS", "", ask, with("Origin", "https://evil.example")); a.status != 403 {
		t.Error(a)
	}
}

func TestConfigIsChecked(t *testing.T) {
	bad := map[string]func(*Config){
		"no gate":       func(c *Config) { c.Gate = nil },
		"no logger":     func(c *Config) { c.Logger = nil },
		"origin star":   func(c *Config) { c.Origins = []string{"*"} },
		"origin null":   func(c *Config) { c.Origins = []string{"null"} },
		"origin path":   func(c *Config) { c.Origins = []string{"https://a.example/"} },
		"origin case":   func(c *Config) { c.Origins = []string{"https://A.example"} },
		"origin user":   func(c *Config) { c.Origins = []string{"https://u@"} },
		"two of a name": func(c *Config) { c.Tools = append(c.Tools, c.Tools[0]) },
		"name":          func(c *Config) { c.Tools[0].Name = "Écho" },
		"long name":     func(c *Config) { c.Tools[0].Name = strings.Repeat("x", 65) },
		"no check":      func(c *Config) { c.Tools[0].Check = nil },
		"no invoke":     func(c *Config) { c.Tools[0].Invoke = nil },
		"no schema":     func(c *Config) { c.Tools[0].InputSchema = nil },
		"schema true":   func(c *Config) { c.Tools[0].InputSchema = []byte(`true`) },
		"schema string": func(c *Config) { c.Tools[0].InputSchema = []byte(`{"type":"string"}`) },
		"schema twice":  func(c *Config) { c.Tools[0].InputSchema = []byte(`{"type":"object","type":"object"}`) },
		"schema integer": func(c *Config) {
			c.Tools[0].InputSchema = []byte(`{"type":"object","maxProperties":10000000000000001}`)
		},
		"schema header": func(c *Config) {
			c.Tools[0].InputSchema = []byte(`{"type":"object","properties":{"a":{"type":"object","x-mcp-header":"A"}}}`)
		},
		"output alone": func(c *Config) { c.Tools[0].OutputSchema = []byte(`{}`) },
	}
	for name, change := range bad {
		w := newWorld(t, nil)
		c := w.Config
		c.Tools = []Tool{w.echo()}
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// What parse accepts the library accepts too, and sees the same in it.
func FuzzParse(f *testing.F) {
	for _, c := range malformed {
		if len(c.body) < 4096 {
			f.Add([]byte(c.body))
		}
	}
	f.Add([]byte(initializeBody))
	f.Add([]byte(callBody("echo", `{"t":"x"}`)))
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"result":{}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","m\u0065thod":"notifications/cancelled","params":{"_meta":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, refused := parse(data)
		if refused != nil {
			return
		}
		if err := strictjson.Check(data); err != nil {
			t.Fatalf("accepted: %v", err)
		}
		decoded, err := jsonrpc.DecodeMessage(data)
		if err != nil {
			t.Fatalf("the library refuses what was accepted: %v", err)
		}
		r, ok := decoded.(*jsonrpc.Request)
		if ok == m.isResponse() {
			t.Fatalf("response %v, the library says request %v", m.isResponse(), ok)
		}
		if ok && (r.Method != m.method || r.ID != m.id || !bytes.Equal(r.Params, m.params)) {
			t.Fatalf("the library sees %q %v %s, parse %q %v %s", r.Method, r.ID, r.Params, m.method, m.id, m.params)
		}
	})
}

func TestReadLines(t *testing.T) {
	in := "a\r\n\n  \n" + strings.Repeat("x", 10) + "\n" + strings.Repeat("y", 50_000) + "\nz"
	lines := make(chan line)
	go readLines(iotest.OneByteReader(strings.NewReader(in)), 10, lines, nil)
	var got []string
	for l := range lines {
		if l.tooLong {
			l.data = []byte("TOO LONG")
		}
		got = append(got, strings.TrimSpace(string(l.data)))
	}
	if s := strings.Join(got, "|"); s != "a|xxxxxxxxxx|TOO LONG|z" {
		t.Error(s)
	}
	closed := make(chan struct{})
	close(closed)
	done := make(chan struct{})
	go func() { readLines(strings.NewReader("a\nb\n"), 10, make(chan line), closed); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("the reader does not end with the connection")
	}
}
