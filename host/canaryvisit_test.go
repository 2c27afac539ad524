package main

import (
	"encoding/base64"
	"strings"
)

const visitorMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":`

// visit puts a canary into every place that HTTP has for a client's words.
func (v *visitor) visit() {
	v.token = v.mint(v.c.mayBeLogged("subject of a token", "it is who called"), v.c.plant("claim of a token"))
	v.bodies()
	v.headers()
	v.credentials()
	v.malformed()
}

// modernCall is a tools/call of the newer generation, with its headers.
func (v *visitor) modernCall(tool, arguments, meta string, header ...string) string {
	body := `{"jsonrpc":"2.0","id":"` + v.c.plant("id of a request") + `","method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + `,` +
		visitorMeta + `{"name":"` + v.c.plant("name of a client") + `","version":"` + v.c.plant("version of a client") + `"}` + meta + `}}}`
	return v.send("POST", "/mcp", body, append([]string{"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", tool}, header...)...)
}

func (v *visitor) bodies() {
	told := v.c.plant("arguments, and so the answer")
	if answer := v.modernCall("greet", `{"name":"`+told+`"}`, ""); !strings.Contains(answer, "Hello, "+told) || !strings.Contains(answer, "bulkhead/receipt") {
		v.Errorf("not greeted: %s", answer)
	}
	p := v.c.plant
	v.modernCall("greet", `{"name":7,"`+p("name of an argument")+`":"`+p("argument that is not allowed")+`"}`, "")
	v.modernCall("greet", `{"name":["`+p("argument of another type")+`"]}`, "")
	v.modernCall("greet", `"`+p("arguments that are no object")+`"`, "")
	v.modernCall("greet", `{"name":"a","name":"`+p("argument given twice")+`"}`, "")
	v.modernCall("greet", `{"name":"x"}`, `,"`+p("name in _meta")+`":"`+p("value in _meta")+`","progressToken":"`+p("progress token")+`","traceparent":"00-`+p("malformed traceparent in _meta")+`","tracestate":"a=`+p("tracestate in _meta")+`"`)
	for _, image := range []string{"P5\n28 28\n255\n" + p("bytes of an image"), "\x89PNG\r\n\x1a\n" + p("bytes of a broken image"), strings.Repeat("x", 2000) + p("end of a large image")} {
		v.modernCall("label", `{"image":"`+base64.StdEncoding.EncodeToString([]byte(image))+`"}`, "")
	}
	v.modernCall("label", `{"image":"`+p("image that is no base64")+`!"}`, "")
	v.modernCall(v.c.mayBeLogged("name of an unknown tool", "it is what was asked for, at most 64 of a-z, 0-9, _, . and -"), `{"a":"`+p("arguments of an unknown tool")+`"}`, "")
	v.modernCall("Not A Tool "+p("name that no tool can have"), `{}`, "")
	v.modernCall(strings.Repeat("x", 65)+p("name longer than a tool's"), `{}`, "")
	v.send("POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"`+p("cursor")+`",`+visitorMeta+`{"name":"a","version":"1"}}}}`, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/list")
	method := v.c.mayBeLogged("unknown method", "it is what was asked for, at most 64 of A-Z, a-z, 0-9 and _$./-") + "/do"
	v.send("POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{"`+p("name in params of an unknown method")+`":"`+p("params of an unknown method")+`"}}`)
	v.send("POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"`+strings.Repeat("m", 65)+p("long method")+`"}`)
	v.send("POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"`+p("name in params of ping")+`":"`+p("params of ping")+`"},"`+p("unknown member of a message")+`":1}`)
	v.send("POST", "/mcp", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"`+p("id to cancel")+`","reason":"`+p("reason to cancel")+`"}}`)
	v.send("POST", "/mcp", `{"jsonrpc":"2.0","id":1,"result":{"a":"`+p("result of a client")+`"}}`)
	v.send("POST", "/mcp", `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"`+p("error of a client")+`"}}`)
	v.send("POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"`+p("protocol version of a session")+`","capabilities":{"experimental":{"`+p("capability of a client")+`":{}}},"clientInfo":{"name":"`+p("name of a session's client")+`","version":"1"}}}`)
}

func (v *visitor) headers() {
	p := v.c.plant
	v.modernCall("greet", `{"name":"x"}`, "", "User-Agent", p("user agent"), "X-Secret", p("unknown header"), "Cookie", "a="+p("cookie"), "Accept-Language", p("language"),
		"Traceparent", "00-"+p("malformed traceparent"), "Tracestate", "a="+p("tracestate"), "Referer", "http://"+p("referrer")+"/", "Forwarded", "for="+p("forwarded"), "X-Forwarded-For", p("forwarded for"))
	ping := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	for _, name := range []string{"Mcp-Session-Id", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name", "Last-Event-Id", "Content-Type", "Content-Encoding", "Accept", "Origin", "Host", "Sec-Fetch-Site"} {
		v.send("POST", "/mcp", ping, name, p(name+" of a message"))
		v.send("GET", "/mcp", "", name, p(name+" of a stream"))
		v.send("DELETE", "/mcp", "", name, p(name+" of an end"))
		v.send("GET", "/audit/checkpoint", "", name, p(name+" of a reader"))
	}
	for _, path := range []string{"/", "/mcp/", "/mcp?token=", "/audit/", "/audit/tile/", "/audit/checkpoint?token=", "/readyz/", "/healthz?", "/metrics?a="} {
		v.send("GET", path+p("path "+path), "")
		v.send("POST", path+p("path posted to "+path), ping)
	}
}

// credentials come last but one: who shows bad ones is soon not heard any more.
func (v *visitor) credentials() {
	p := v.c.plant
	ping := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	good := strings.Split(v.token, ".")
	for _, credential := range []string{
		"Bearer " + p("token"), "Basic " + p("password"), p("scheme") + " x", "Bearer " + good[0] + "." + good[1] + "." + p("signature"),
		"Bearer " + part(`{"alg":"`+p("algorithm of a token")+`","kid":"`+p("key id of a token")+`","typ":"`+p("type of a token")+`"}`) + "." + good[1] + "." + good[2],
		"Bearer " + good[0] + "." + part(`{"iss":"`+p("issuer of a token")+`","sub":"`+p("subject of a bad token")+`","aud":"`+p("audience of a token")+`"}`) + "." + good[2],
		"Bearer " + good[0] + "." + p("claims that are no base64") + "!." + good[2],
	} {
		v.send("POST", "/mcp", ping, "Authorization", credential)
	}
}

func (v *visitor) malformed() {
	p := v.c.plant
	for _, body := range []string{
		p("no JSON"), `{"jsonrpc":"2.0","id":1,"method":"ping","` + p("cut off"), `[{"jsonrpc":"2.0","id":1,"method":"` + p("batch") + `"}]`, `"` + p("text") + `"`,
		`{"jsonrpc":"2.0","` + p("name given twice") + `":1,"a":1,"a":2}`, `{"jsonrpc":"` + p("version of JSON-RPC") + `","id":1,"method":"ping"}`,
		`{"jsonrpc":"2.0","id":{"a":"` + p("id that is an object") + `"},"method":"ping"}`, "\xff" + p("no UTF-8"), strings.Repeat(" ", 2<<20) + p("too long"),
		`{"jsonrpc":"2.0","id":"` + strings.Repeat("x", 300) + p("long id") + `","method":"ping"}`, `{"jsonrpc":"2.0","id":1,"method":"ping","params":["` + p("params that are a list") + `"]}`,
	} {
		v.send("POST", "/mcp", body)
	}
	v.raw("GET /" + p("path without version") + "\r\n\r\n")
	v.raw(p("method of HTTP") + " / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	v.raw("GET / HTTP/1.1\r\nHost: localhost\r\n" + p("header without colon") + "\r\n\r\n")
	v.raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 20<<10) + p("header too long") + "\r\n\r\n")
	v.raw("POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + p("chunk without length") + "\r\n")
	v.raw("\x16\x03\x01" + p("something else than HTTP"))
}

// lines are what a peer on stdio says.
func (v *visitor) lines() string {
	p := v.c.plant
	return strings.Join([]string{
		p("line that is no JSON"),
		`{"jsonrpc":"2.0","id":"` + p("id on stdio") + `","method":"ping","params":{"a":"` + p("params on stdio") + `"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":{"name":"` + p("arguments on stdio") + `"}}}`,
		strings.Repeat("x", 2<<20) + p("line that is too long"),
		`{"jsonrpc":"2.0","id":2,"result":"` + p("result on stdio") + `"}`,
	}, "\n") + "\n"
}
