package abi_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"bulkhead/abi"
	"bulkhead/abi/testdata"
)

// rules are answers that decode. Those that are refused break exactly one rule of SPEC.md.
func rules() []testdata.Vector {
	return slices.Concat(authRules(), policyRules(), toolRules())
}

func rule(role abi.Role, kind string, expect testdata.Expect, data string) testdata.Vector {
	return testdata.Vector{
		Name: fmt.Sprintf("%s-answer-%s.vector", role, kind),
		Kind: kind, Role: role, Message: "answer", Expect: expect, Data: []byte(data),
	}
}

func authRules() []testdata.Vector {
	accept := func(kind, data string) testdata.Vector { return rule(abi.RoleAuth, kind, testdata.Accept, data) }
	refuse := func(kind, data string) testdata.Vector { return rule(abi.RoleAuth, kind, testdata.Rule, data) }
	who := func(id, expires string) string {
		return fmt.Sprintf(`{"principal":{"id":%q,"expires":%q}}`, id, expires)
	}
	const soon = "2026-11-22T10:05:00Z"
	return []testdata.Vector{
		accept("refused", `{"refused":"token expired"}`),
		accept("principal-alone", who("ada", soon)),
		accept("principal-longest", who(strings.Repeat("a", abi.MaxPrincipal), soon)),
		accept("expires-with-fraction", who("ada", "2026-11-22T10:05:00.25Z")),
		refuse("neither", `{}`),
		refuse("both", `{"principal":{"id":"ada","expires":"`+soon+`"},"refused":"no"}`),
		refuse("refused-empty", `{"refused":""}`),
		refuse("refused-too-long", `{"refused":"`+strings.Repeat("r", abi.MaxReason+1)+`"}`),
		refuse("refused-cacheable", `{"refused":"no","cacheable":true}`),
		refuse("principal-null", `{"principal":null}`),
		refuse("principal-empty", who("", soon)),
		refuse("principal-too-long", who(strings.Repeat("a", abi.MaxPrincipal+1), soon)),
		refuse("principal-with-space", who("ada lovelace", soon)),
		refuse("principal-with-control", who("ada\n", soon)),
		refuse("principal-not-ascii", who("adä", soon)),
		refuse("principal-reserved-host", who("host/ada", soon)),
		refuse("principal-reserved-plugin", who("plugin/ada", soon)),
		refuse("principal-reserved-system", who("system/ada", soon)),
		refuse("expires-missing", `{"principal":{"id":"ada"}}`),
		refuse("expires-no-time", who("ada", "tomorrow")),
		refuse("expires-no-zone", who("ada", "2026-11-22T10:05:00")),
	}
}

func policyRules() []testdata.Vector {
	accept := func(kind, data string) testdata.Vector { return rule(abi.RolePolicy, kind, testdata.Accept, data) }
	refuse := func(kind, data string) testdata.Vector { return rule(abi.RolePolicy, kind, testdata.Rule, data) }
	after := func(v testdata.Vector) testdata.Vector { v.Phase = abi.PhaseAfter; return v }
	const redacted = `{"decision":"redact","reason":"faces","result":{"content":[]}}`
	return []testdata.Vector{
		accept("deny", `{"decision":"deny","reason":"no rule"}`),
		accept("reason-longest", `{"decision":"deny","reason":"`+strings.Repeat("r", abi.MaxReason)+`"}`),
		after(accept("redact", redacted)),
		after(accept("allow-after", `{"decision":"allow","reason":"clean"}`)),
		refuse("redact-before", redacted),
		after(refuse("redact-without-result", `{"decision":"redact","reason":"faces"}`)),
		after(refuse("redact-with-bad-result", `{"decision":"redact","reason":"faces","result":{"content":[{"type":"html"}]}}`)),
		after(refuse("allow-with-result", `{"decision":"allow","reason":"clean","result":{"content":[]}}`)),
		refuse("decision-upper-case", `{"decision":"ALLOW","reason":"rule 3"}`),
		refuse("decision-title-case", `{"decision":"Allow","reason":"rule 3"}`),
		refuse("decision-padded", `{"decision":"allow ","reason":"rule 3"}`),
		refuse("decision-unknown", `{"decision":"maybe","reason":"rule 3"}`),
		refuse("decision-missing", `{"reason":"rule 3"}`),
		refuse("decision-null", `{"decision":null,"reason":"rule 3"}`),
		refuse("reason-missing", `{"decision":"allow"}`),
		refuse("reason-empty", `{"decision":"allow","reason":""}`),
		refuse("reason-too-long", `{"decision":"allow","reason":"`+strings.Repeat("r", abi.MaxReason+1)+`"}`),
		refuse("empty-object", `{}`),
	}
}

func toolRules() []testdata.Vector {
	accept := func(kind, data string) testdata.Vector { return rule(abi.RoleTool, kind, testdata.Accept, data) }
	refuse := func(kind, data string) testdata.Vector { return rule(abi.RoleTool, kind, testdata.Rule, data) }
	block := func(members string) string { return `{"content":[{` + members + `}]}` }
	pixel := base64.StdEncoding.EncodeToString([]byte("pixel"))
	return []testdata.Vector{
		accept("content-empty", `{"content":[]}`),
		accept("failed", `{"content":[{"type":"text","text":"no digit"}],"failed":true}`),
		accept("text-empty", block(`"type":"text"`)),
		accept("image", block(`"type":"image","data":"`+pixel+`","mime_type":"image/png"`)),
		accept("audio", block(`"type":"audio","data":"`+pixel+`","mime_type":"audio/wav"`)),
		accept("resource-text", block(`"type":"resource","uri":"report://7","text":"ok"`)),
		accept("resource-data", block(`"type":"resource","uri":"report://7","mime_type":"image/png","data":"`+pixel+`"`)),
		refuse("type-missing", block(`"text":"seven"`)),
		refuse("type-unknown", block(`"type":"html","text":"seven"`)),
		refuse("type-upper-case", block(`"type":"TEXT","text":"seven"`)),
		refuse("text-with-data", block(`"type":"text","data":"`+pixel+`"`)),
		refuse("text-with-uri", block(`"type":"text","uri":"report://7"`)),
		refuse("image-without-type", block(`"type":"image","data":"`+pixel+`"`)),
		refuse("image-without-data", block(`"type":"image","mime_type":"image/png"`)),
		refuse("image-with-text", block(`"type":"image","data":"`+pixel+`","mime_type":"image/png","text":"seven"`)),
		refuse("data-not-base64", block(`"type":"image","data":"???","mime_type":"image/png"`)),
		refuse("data-without-padding", block(`"type":"image","data":"cGl4ZQ","mime_type":"image/png"`)),
		refuse("data-url-alphabet", block(`"type":"image","data":"_-8=","mime_type":"image/png"`)),
		refuse("data-loose-bits", block(`"type":"image","data":"cGl4ZR==","mime_type":"image/png"`)),
		refuse("data-with-line-break", block(`"type":"image","data":"cGl4\nZWw=","mime_type":"image/png"`)),
		refuse("resource-without-uri", block(`"type":"resource","text":"ok"`)),
		refuse("resource-with-both", block(`"type":"resource","uri":"report://7","text":"ok","data":"`+pixel+`"`)),
		refuse("structured-array", `{"content":[],"structured":[7]}`),
		refuse("structured-number", `{"content":[],"structured":7}`),
		refuse("structured-null", `{"content":[],"structured":null}`),
	}
}
