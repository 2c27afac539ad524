package abi_test

import (
	"fmt"
	"strings"

	"bulkhead/abi"
	"bulkhead/abi/testdata"
)

// A message is a good message and what mutations need to know of it.
type message struct {
	role      abi.Role
	direction string
	text      string // the message, as compact JSON
	name      string // a required member of it
	value     string // that member's value, a string without escapes
	open      string // the message with %s where any JSON value may stand, "" if there is no such place
	openDepth int    // containers around %s
}

func messages() []message {
	const (
		principal = `{"id":"ada","claims":{"role":"line-lead"},"expires":"2026-11-22T10:05:00Z"}`
		where     = `"transport":"http","peer":"192.0.2.7"`
		when      = `"now":"2026-11-22T10:00:00.000000Z","clock":"trusted"`
		device    = `"device":{"name":"gw-7","zone":"hall-2"}`
		policy    = `{"principal":` + principal + `,"action":"tools/call","resource":"label","plugin":"acme/inspect","arguments":%s,` +
			where + `,` + device + `,` + when + `,"phase":"before"}`
		toolQuery = `{"tool":"label","arguments":%s,"call":"019ab3c1-0000-7000-8000-000000000001","principal":"ada"}`
		toolReply = `{"content":[{"type":"text","text":"seven"}],"structured":{"digit":%s}}`
		authReply = `{"principal":{"id":"ada","claims":{"role":%s},"expires":"2026-11-22T10:05:00Z"},"cacheable":true}`
	)
	return []message{
		{abi.RoleAuth, "request",
			`{"credential":{"scheme":"bearer","value":"a.b.c"},` + where + `,"audience":"gw-7",` + when + `}`,
			"transport", "http", "", 0},
		{abi.RoleAuth, "answer", fmt.Sprintf(authReply, `"line-lead"`), "principal", "", authReply, 3},
		{abi.RolePolicy, "request", fmt.Sprintf(policy, `{"image":"iVBORw0="}`), "action", "tools/call", policy, 1},
		{abi.RolePolicy, "answer", `{"decision":"allow","reason":"rule 3"}`, "decision", "allow", "", 0},
		{abi.RoleTool, "request", fmt.Sprintf(toolQuery, `{"image":"iVBORw0="}`), "tool", "label", toolQuery, 1},
		{abi.RoleTool, "answer", fmt.Sprintf(toolReply, "7"), "content", "", toolReply, 2},
	}
}

func generate() []testdata.Vector {
	var out []testdata.Vector
	for _, m := range messages() {
		add := func(kind string, expect testdata.Expect, data string) {
			out = append(out, testdata.Vector{
				Name: fmt.Sprintf("%s-%s-%s.vector", m.role, m.direction, kind),
				Kind: kind, Role: m.role, Message: m.direction, Expect: expect, Data: []byte(data),
			})
		}
		wholes(m, add)
		bytesOf(m, add)
		members(m, add)
		nesting(m, add)
		values(m, add)
	}
	return append(out, rules()...)
}

type adder = func(kind string, expect testdata.Expect, data string)

// wholes are about the message as one value.
func wholes(m message, add adder) {
	add("plain", testdata.Accept, m.text)
	add("white-space", testdata.Accept, "\r\n\t "+strings.ReplaceAll(m.text, `":`, "\" :\n")+" \n")
	add("empty", testdata.Refuse, "")
	add("white-space-only", testdata.Refuse, " \n")
	add("top-level-null", testdata.Refuse, "null")
	add("top-level-array", testdata.Refuse, "["+m.text+"]")
	add("top-level-string", testdata.Refuse, `"`+m.value+`"`)
	add("top-level-number", testdata.Refuse, "0")
	add("truncated", testdata.Refuse, m.text[:len(m.text)-1])
	add("trailing-value", testdata.Refuse, m.text+"{}")
	add("trailing-value-after-line", testdata.Refuse, m.text+"\n"+m.text)
	add("trailing-brace", testdata.Refuse, m.text+"}")
	add("trailing-nul", testdata.Refuse, m.text+"\x00")
	add("trailing-comma", testdata.Refuse, m.text[:len(m.text)-1]+",}")
	add("comment", testdata.Refuse, "/* */"+m.text)
	add("single-quotes", testdata.Refuse, strings.ReplaceAll(m.text, `"`, `'`))
	add("two-commas", testdata.Refuse, strings.Replace(m.text, `,"`, `,,"`, 1))
	add("no-colon", testdata.Refuse, strings.Replace(m.text, `":`, `" `, 1))
}

// bytesOf are about bytes that are no text, or not the text of JSON.
func bytesOf(m message, add adder) {
	add("byte-order-mark", testdata.Refuse, "\xEF\xBB\xBF"+m.text)
	add("utf-16", testdata.Refuse, "\x00"+strings.Join(strings.Split(m.text, ""), "\x00"))
	add("form-feed", testdata.Refuse, "\f"+m.text)
	add("no-break-space", testdata.Refuse, "\u00A0"+m.text)
	in := func(kind string, expect testdata.Expect, s string) {
		if expect == testdata.Accept {
			add(kind, expect, m.with(`"`+s+`"`))
			return
		}
		add(kind, expect, strings.Replace(m.text, `":`, s+`":`, 1)) // in a name, so that no value needs to be free
	}
	in("invalid-utf8-name", testdata.Refuse, "\xFF")
	in("control-character", testdata.Refuse, "\n")
	in("bad-escape", testdata.Refuse, `\x`)
	in("short-escape", testdata.Refuse, `\u00`)
	value := func(kind, s string) { add(kind, testdata.Refuse, m.first(s)) }
	value("invalid-utf8-value", "\xFF")
	value("truncated-utf8", "\xE2\x82")
	value("overlong-utf8", "\xC0\xAF")
	value("surrogate-in-utf8", "\xED\xA0\x80")
	value("lone-high-surrogate", `\uD800`)
	value("lone-low-surrogate", `\uDC00`)
	value("swapped-surrogates", `\uDC00\uD800`)
	value("high-surrogate-before-letter", `\uD800\u0041`)
	if m.open != "" {
		in("surrogate-pair", testdata.Accept, `\uD83D\uDE00`)
		in("replacement-character", testdata.Accept, "\uFFFD")
		in("escaped-nul", testdata.Accept, `\u0000`)
	}
}

// members are about names.
func members(m message, add adder) {
	quoted := `"` + m.name + `"`
	escaped := fmt.Sprintf(`"\u%04x%s"`, m.name[0], m.name[1:])
	upper := `"` + strings.ToUpper(m.name[:1]) + m.name[1:] + `"`
	again := quoted + ":" + m.member()
	more := func(member string) string { return "{" + member + "," + m.text[1:] }
	add("escaped-name", testdata.Accept, strings.Replace(m.text, quoted, escaped, 1))
	add("duplicate-name", testdata.Refuse, more(again))
	add("duplicate-name-escaped", testdata.Refuse, more(strings.Replace(again, quoted, escaped, 1)))
	add("duplicate-name-in-other-case", testdata.Refuse, more(strings.Replace(again, quoted, upper, 1)))
	add("inexact-case", testdata.Refuse, strings.Replace(m.text, quoted, upper, 1))
	add("inexact-case-all", testdata.Refuse, strings.Replace(m.text, quoted, strings.ToUpper(quoted), 1))
	add("kelvin-case", testdata.Refuse, more("\"\u212Aind\":0"))
	add("padded-name", testdata.Refuse, strings.Replace(m.text, quoted, `"`+m.name+` "`, 1))
	add("unknown-member", testdata.Refuse, more(`"extra":null`))
	add("empty-name", testdata.Refuse, more(`"":null`))
	add("unquoted-name", testdata.Refuse, strings.Replace(m.text, quoted, m.name, 1))
	add("wrong-type", testdata.Refuse, strings.Replace(m.text, again, quoted+":7", 1))
	add("wrong-type-boolean", testdata.Refuse, strings.Replace(m.text, again, quoted+":true", 1))
}

// nesting is about depth. Where a message has no place for any value, the nested value stands in a member of another
// type: it is refused one way or the other, but must not cost much.
func nesting(m message, add adder) {
	if m.open == "" {
		add("too-deep", testdata.Refuse, m.with(nest(abi.MaxJSONDepth, "[", "]")))
	} else {
		deepest := abi.MaxJSONDepth - m.openDepth
		add("deepest-arrays", testdata.Accept, m.with(nest(deepest, "[", "]")))
		add("deepest-objects", testdata.Accept, m.with(nest(deepest, `{"a":`, "}")))
		add("too-deep", testdata.Refuse, m.with(nest(deepest+1, "[", "]")))
		add("too-deep-objects", testdata.Refuse, m.with(nest(deepest+1, `{"a":`, "}")))
	}
	add("far-too-deep-unclosed", testdata.Refuse, strings.Repeat("[", 20_000))
}

func nest(depth int, open, shut string) string {
	return strings.Repeat(open, depth-1) + open[:1] + shut + strings.Repeat(shut, depth-1)
}

// values are about what may stand where any JSON may stand.
func values(m message, add adder) {
	add("nan", testdata.Refuse, m.with("NaN"))
	if m.open == "" {
		return
	}
	for kind, value := range map[string]string{
		"number-zero": "-0", "number-exponent": "1e5", "number-fraction": "-0.25E-2", "number-huge": "1e999",
		"literal-null": "null", "other-case-inside": `{"a":1,"A":2}`, "empty-name-inside": `{"":0}`,
	} {
		add(kind, testdata.Accept, m.with(value))
	}
	for kind, value := range map[string]string{
		"infinity": "-Infinity", "number-leading-zero": "07", "number-plus": "+7", "number-hexadecimal": "0x7",
		"number-dot": "7.", "number-no-integer": ".7", "number-exponent-empty": "7e", "minus-alone": "-",
		"literal-case": "True", "undefined": "undefined", "nothing": "", "two-values": "1 2",
		"duplicate-name-inside": `{"a":1,"a":2}`, "duplicate-name-inside-escaped": `{"a":1,"\u0061":2}`,
		"duplicate-name-deep-inside": `[[{"b":{"a":1,"a":1}}]]`, "lone-surrogate-name-inside": `{"\uDEAD":0}`,
		"lone-surrogate-inside": `["\uD83D"]`, "trailing-comma-inside": `[1,]`, "mismatched-inside": `[1}`,
	} {
		add(kind, testdata.Refuse, m.with(value))
	}
}

// with returns the message with value where any JSON may stand, or else in place of the member.
func (m message) with(value string) string {
	if m.open != "" {
		return fmt.Sprintf(m.open, value)
	}
	return strings.Replace(m.text, m.member(), value, 1)
}

// first returns the message with s at the start of the first string that is a value.
func (m message) first(s string) string { return strings.Replace(m.text, `":"`, `":"`+s, 1) }

// member returns the value of m.name as it stands in the text.
func (m message) member() string {
	switch m.name {
	case "principal":
		return `{"id":"ada","claims":{"role":"line-lead"},"expires":"2026-11-22T10:05:00Z"}`
	case "content":
		return `[{"type":"text","text":"seven"}]`
	}
	return `"` + m.value + `"`
}
