package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"bulkhead/abi"
)

func TestModernCall(t *testing.T) {
	w := serve(t, nil)
	a := w.call(t, "echo", `{"t":"hi <&>"}`)
	if a.status != 200 || a.result["resultType"] != "complete" || a.id != 7.0 {
		t.Fatal(a)
	}
	if !strings.Contains(a.raw, `"text":"alice says hi <&>"`) {
		t.Errorf("the text was escaped: %v", a)
	}
	meta := a.result["_meta"].(map[string]any)
	if receipt, _ := meta["bulkhead/receipt"].(map[string]any); receipt["proof"] != fakeProof {
		t.Errorf("no receipt: %v", a)
	}
	if got := w.actions(); got != "tools/call" {
		t.Errorf("through the gate: %q", got)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.entries) != 2 || w.entries[1].Resource != "echo" || w.entries[1].Response == "" {
		t.Errorf("entries: %+v", w.entries)
	}
}

func TestLegacySession(t *testing.T) {
	w := serve(t, nil)
	id := w.begin(t)
	in := with("Mcp-Session-Id", id)
	version := with("Mcp-Protocol-Version", "2025-11-25")
	if a := w.post(t, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, in, version); a.status != 202 || a.raw != "" {
		t.Fatal(a)
	}
	if a := w.post(t, `{"jsonrpc":"2.0","id":"p","method":"ping"}`, in, version); a.status != 200 || a.id != "p" || a.code != 0 {
		t.Fatal(a)
	}
	a := w.post(t, `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`, in, version)
	if tools, _ := a.result["tools"].([]any); len(tools) != 1 || a.result["ttlMs"] != nil {
		t.Fatal(a)
	}
	a = w.post(t, `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo","arguments":{"t":"x"}}}`, in, version)
	if a.status != 200 || a.result["resultType"] != nil || a.result["_meta"].(map[string]any)["bulkhead/receipt"] == nil {
		t.Fatal(a)
	}
	if a := w.send(t, http.MethodDelete, "", in, version); a.status != 204 {
		t.Fatal(a)
	}
	if a := w.post(t, `{"jsonrpc":"2.0","id":4,"method":"ping"}`, in, version); a.status != 404 {
		t.Fatal(a)
	}
	want := "notifications/initialized ping tools/list tools/call session/delete ping"
	if got := w.actions(); got != want {
		t.Errorf("through the gate: %q, want %q", got, want)
	}
}

// Every schema reaches the client with every token as the author wrote it.
func TestSchemaBytes(t *testing.T) {
	in := `{"type":"object","z":1.0,"a":1e2,"$comment":"<b>&amp;</b> \u2028 é 😀","properties":{"b":{"const":100000000000001},"a":{"enum":["\/","\u003c"]}}}`
	out := `{"type":"object","required":["z","a"],"$defs":{"é":{"not":{}}}}`
	w := serve(t, func(_ *world, c *Config) {
		tool := text("schema", "x")
		tool.InputSchema, tool.OutputSchema = []byte(in), []byte(out)
		tool.CheckOutput = func(json.RawMessage) error { return nil }
		tool.Description = "a <b> & c"
		c.Tools = append(c.Tools, tool)
	})
	session := with("Mcp-Session-Id", w.begin(t))
	for name, a := range map[string]answer{
		"2026-07-28": w.post(t, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{`+metaBody+`}}`, modern("tools/list", "")),
		"2025-11-25": w.post(t, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, session),
	} {
		for _, want := range []string{`"inputSchema":` + in, `"outputSchema":` + out, `"description":"a <b> & c"`} {
			if !strings.Contains(a.raw, want) {
				t.Errorf("%s: no %s in %s", name, want, a.raw)
			}
		}
	}
}

func TestListIsFilteredAndPrivate(t *testing.T) {
	w := serve(t, func(w *world, c *Config) {
		c.Tools = append(c.Tools, text("hidden", "x"))
		w.policy = func(q abi.PolicyRequest) abi.PolicyAnswer {
			if q.Action == "tools/call" && q.Resource == "hidden" && q.Principal.ID != "bob" {
				return abi.PolicyAnswer{Decision: abi.Deny, Reason: "no"}
			}
			return allow(q)
		}
	})
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + metaBody + `}}`
	a := w.post(t, list, modern("tools/list", ""))
	if strings.Contains(a.raw, "hidden") || !strings.Contains(a.raw, "echo") {
		t.Errorf("alice sees %v", a)
	}
	if a.result["cacheScope"] != "private" || a.result["ttlMs"] != 60000.0 {
		t.Errorf("caching: %v", a)
	}
	if b := w.post(t, list, modern("tools/list", ""), as("bob")); !strings.Contains(b.raw, "hidden") {
		t.Errorf("bob sees %v", b)
	}
	if a := w.post(t, strings.Replace(list, `{`+`"_meta"`, `{"cursor":"x","_meta"`, 1), modern("tools/list", "")); a.code != -32602 {
		t.Errorf("a made-up cursor: %v", a)
	}
}

// Refusals tell the client a code, a few words and the call, and nothing of why.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		world  func(*world)
		code   int
		status int
	}{
		{"denied", func(w *world) { w.policy = denyAction("tools/call") }, CodeDenied, 200},
		{"log full", func(w *world) { w.failLog = true }, CodeUnavailable, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := serve(t, nil)
			c.world(w)
			a := w.call(t, "echo", `{"t":"x"}`)
			if a.code != c.code || a.status != c.status || len(a.data) != 1 || a.data["call"] == "" {
				t.Error(a)
			}
			if strings.Contains(a.raw, "secret") || w.tools() != "" {
				t.Errorf("%v, ran %q", a, w.tools())
			}
		})
	}
}

func TestNotificationDenied(t *testing.T) {
	w := serve(t, nil)
	in := with("Mcp-Session-Id", w.begin(t))
	w.mu.Lock()
	w.policy = denyAction("notifications/cancelled")
	w.mu.Unlock()
	a := w.post(t, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`, in)
	if a.status != 403 || a.code != CodeDenied || a.data["call"] == nil {
		t.Error(a)
	}
}

func TestUnauthenticated(t *testing.T) {
	w := serve(t, nil)
	var texts []string
	for _, o := range []option{as("mallory"), as(""), with("Authorization", "Basic YTpi"), with("Authorization", "alice")} {
		a := w.call(t, "echo", `{"t":"x"}`, o)
		if a.status != 401 || a.header.Get("WWW-Authenticate") != "Bearer" {
			t.Error(a)
		}
		call, _ := a.data["call"].(string)
		texts = append(texts, strings.Replace(a.raw, call, "", 1))
	}
	for _, x := range texts[1:] {
		if x != texts[0] {
			t.Errorf("refusals differ: %s, %s", x, texts[0])
		}
	}
	if got := w.actions(); got != "" || w.tools() != "" {
		t.Errorf("strangers did %q", got)
	}
}

func TestStrangersAreThrottled(t *testing.T) {
	w := serve(t, nil)
	for range 100 {
		a := w.call(t, "echo", `{"t":"x"}`, as("mallory"))
		if a.status == 429 {
			if a.header.Get("Retry-After") == "" || a.code != CodeTooMany {
				t.Error(a)
			}
			return
		}
	}
	t.Error("a hundred refusals, never 429")
}

func TestToolErrors(t *testing.T) {
	bad := func(a *abi.ToolAnswer, err error) Tool {
		tool := text("bad", "")
		tool.OutputSchema, tool.CheckOutput = []byte(`{"type":"object"}`), func(b json.RawMessage) error {
			if string(b) != `{"ok":true}` {
				return errRefused
			}
			return nil
		}
		tool.Invoke = invoke(a, err)
		return tool
	}
	for _, c := range []struct {
		name   string
		answer *abi.ToolAnswer
		err    error
		code   int
		want   string
	}{
		{"plugin error", nil, errRefused, CodeFailed, ""},
		{"no answer", nil, nil, CodeFailed, ""},
		{"wrong structured", &abi.ToolAnswer{Structured: []byte(`{"ok":false}`)}, nil, CodeFailed, ""},
		{"structured array", &abi.ToolAnswer{Structured: []byte(`[]`)}, nil, CodeFailed, ""},
		{"structured missing", &abi.ToolAnswer{}, nil, CodeFailed, ""},
		{"unknown content", &abi.ToolAnswer{Structured: []byte(`{"ok":true}`), Content: []abi.Content{{Type: "script"}}}, nil, CodeFailed, ""},
		{"structured", &abi.ToolAnswer{Structured: []byte(`{"ok":true}`)}, nil, 0, `"content":[{"type":"text","text":"{\"ok\":true}"}],"structuredContent":{"ok":true}`},
		{"failed", &abi.ToolAnswer{Failed: true, Content: []abi.Content{{Type: "text", Text: ""}}}, nil, 0, `"content":[{"type":"text","text":""}],"isError":true`},
		{"all kinds", &abi.ToolAnswer{Failed: true, Content: []abi.Content{
			{Type: "image", Data: "aa==", MIMEType: "image/png"}, {Type: "audio", Data: "aa==", MIMEType: "audio/wav"},
			{Type: "resource", URI: "x:a", Text: "t"}, {Type: "resource", URI: "x:b", Data: "aa==", MIMEType: "a/b"},
		}}, nil, 0, `[{"type":"image","data":"aa==","mimeType":"image/png"},{"type":"audio","data":"aa==","mimeType":"audio/wav"},` +
			`{"type":"resource","resource":{"uri":"x:a","text":"t"}},{"type":"resource","resource":{"uri":"x:b","mimeType":"a/b","blob":"aa=="}}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := serve(t, func(_ *world, cfg *Config) { cfg.Tools = []Tool{bad(c.answer, c.err)} })
			a := w.call(t, "bad", `{}`)
			if a.code != c.code || !strings.Contains(a.raw, c.want) || strings.Contains(a.raw, "secret") {
				t.Error(a)
			}
		})
	}
}

func TestInvalidArguments(t *testing.T) {
	w := serve(t, nil)
	a := w.call(t, "echo", `{}`)
	if a.result["isError"] != true || !strings.Contains(a.raw, "invalid arguments: t: missing (call ") {
		t.Error(a)
	}
	for _, args := range []string{`[]`, `null`, `"x"`} {
		if a := w.call(t, "echo", args); a.code != -32602 || a.status != 400 {
			t.Errorf("%s: %v", args, a)
		}
	}
	if a := w.call(t, "nosuch", `{}`); a.code != -32602 || a.text != "unknown tool" {
		t.Error(a)
	}
	if got := w.actions(); got != strings.TrimSpace(strings.Repeat("tools/call ", 5)) || w.tools() != "" {
		t.Errorf("through the gate: %q, ran %q", got, w.tools())
	}
}
