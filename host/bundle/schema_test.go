package bundle

import (
	"fmt"
	"strings"
	"testing"
)

func mustSchema(t testing.TB, text string) *Schema {
	t.Helper()
	s, err := CompileSchema([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// property wraps a schema for a value into one for the object {"v": value}.
func property(schema string) string { return `{"type":"object","properties":{"v":` + schema + `}}` }

func TestSchemaValidate(t *testing.T) {
	for _, c := range []struct{ schema, good, bad string }{
		{`{"type":"string"}`, `"x"`, `1`},
		{`{"type":"integer"}`, `1.0`, `1.5`},
		{`{"type":"number"}`, `1`, `"1"`},
		{`{"type":["null","boolean"]}`, `null`, `0`},
		{`{"enum":[1,"a",{"b":[1]}]}`, `{"b":[1.0]}`, `{"b":[2]}`},
		{`{"const":null}`, `null`, `false`},
		{`{"const":1,"enum":[1,2]}`, `1`, `2`},
		{`{"minimum":1,"maximum":2}`, `2`, `2.01`},
		{`{"exclusiveMinimum":1,"exclusiveMaximum":2}`, `1.5`, `1`},
		{`{"multipleOf":0.1}`, `0.3`, `0.35`},
		{`{"minLength":2,"maxLength":2}`, `"éé"`, `"é"`},
		{`{"maxLength":0}`, `""`, `"a"`},
		{`{"pattern":"^a+$"}`, `"aaa"`, `"ab"`},
		{`{"minItems":1,"maxItems":2}`, `[1]`, `[]`},
		{`{"uniqueItems":true}`, `[1,"1",[1],{"a":1}]`, `[{"a":1,"b":2},{"b":2,"a":1.0}]`},
		{`{"uniqueItems":true}`, `[["ab","c"],["a","bc"]]`, `[0,-0]`},
		{`{"prefixItems":[{"type":"string"}],"items":{"type":"integer"}}`, `["a",1,2]`, `["a","b"]`},
		{`{"prefixItems":[true,{"type":"string"}]}`, `[1,"b",3]`, `[1,2]`},
		{`{"contains":{"const":1}}`, `[2,1]`, `[2]`},
		{`{"contains":{"const":1},"minContains":2,"maxContains":3}`, `[1,1,0]`, `[1,1,1,1]`},
		{`{"contains":{"const":1},"minContains":0}`, `[]`, ``},
		{`{"required":["a"],"minProperties":1,"maxProperties":2}`, `{"a":1}`, `{"b":1}`},
		{`{"properties":{"a":{"type":"string"}},"additionalProperties":false}`, `{"a":"x"}`, `{"a":"x","b":1}`},
		{`{"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":{"type":"integer"}}`, `{"x-a":"s","b":1}`, `{"x-a":1}`},
		{`{"propertyNames":{"maxLength":2}}`, `{"ab":1}`, `{"abc":1}`},
		{`{"dependentRequired":{"a":["b"]}}`, `{"a":1,"b":1}`, `{"a":1}`},
		{`{"dependentSchemas":{"a":{"required":["b"]}}}`, `{"c":1}`, `{"a":1}`},
		{`{"allOf":[{"minimum":1},{"maximum":2}]}`, `1`, `3`},
		{`{"anyOf":[{"type":"string"},{"minimum":1}]}`, `1`, `0`},
		{`{"oneOf":[{"multipleOf":2},{"multipleOf":3}]}`, `4`, `6`},
		{`{"oneOf":[{"multipleOf":2},{"multipleOf":3}]}`, `3`, `5`},
		{`{"not":{"type":"string"}}`, `1`, `"a"`},
		{`{"if":{"type":"string"},"then":{"minLength":1},"else":{"minimum":1}}`, `"a"`, `0`},
		{`{"if":{"type":"string"},"then":{"minLength":1}}`, `0`, `""`},
		{`false`, ``, `null`},
		{`true`, `null`, ``},
		{`{"format":"email","description":"is an annotation","x-anything":[1]}`, `"not an address"`, ``},
	} {
		s := mustSchema(t, property(c.schema))
		if c.good != "" {
			if err := s.Validate([]byte(`{"v":` + c.good + `}`)); err != nil {
				t.Errorf("%s: %s: %v", c.schema, c.good, err)
			}
		}
		if c.bad != "" {
			if err := s.Validate([]byte(`{"v":` + c.bad + `}`)); err == nil {
				t.Errorf("%s: %s accepted", c.schema, c.bad)
			}
		}
	}
}

func TestSchemaReferences(t *testing.T) {
	for _, text := range []string{
		`{"type":"object","properties":{"v":{"$ref":"#/$defs/a"}},"$defs":{"a":{"type":"string"}}}`,
		`{"type":"object","properties":{"v":{"$ref":"#name"}},"$defs":{"a":{"$anchor":"name","type":"string"}}}`,
		`{"type":"object","properties":{"v":{"$ref":"#/$defs/a~1b%25c"}},"$defs":{"a/b%c":{"type":"string"}}}`,
		`{"type":"object","properties":{"v":{"$ref":"#/properties/w/items"},"w":{"items":{"type":"string"}}}}`,
		`{"type":"object","properties":{"v":{"$ref":"#/definitions/a"}},"definitions":{"a":{"type":"string"}},"$schema":"http://json-schema.org/draft-07/schema#"}`,
		`{"$id":"https://example.org/s","$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"v":{"$ref":"#/$defs/a","minLength":1}},"$defs":{"a":{"type":"string"}}}`,
	} {
		s := mustSchema(t, text)
		if err := s.Validate([]byte(`{"v":"x"}`)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if err := s.Validate([]byte(`{"v":1}`)); err == nil {
			t.Errorf("%s: a number accepted", text)
		}
	}
}

func TestCompileSchemaRefuses(t *testing.T) {
	deep := strings.Repeat(`{"not":`, MaxSchemaDepth) + `{}` + strings.Repeat(`}`, MaxSchemaDepth)
	var bomb strings.Builder // 2^16 subschemas when written out
	for i := range 16 {
		fmt.Fprintf(&bomb, `"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, i+1, i+1)
	}
	for _, c := range []struct{ name, schema, want string }{
		{"no object", `true`, "root"},
		{"no type", `{}`, "root"},
		{"root of type array", `{"type":"array"}`, "root"},
		{"root of type list", `{"type":["object"]}`, "root"},
		{"type null", `{"type":null}`, "want"},
		{"too large", `{"type":"object","title":"` + strings.Repeat("x", MaxSchema) + `"}`, "bytes"},
		{"too deep", deep, "deep"},
		{"duplicate name", `{"type":"object","type":"object"}`, "duplicate"},
		{"two values", `{"type":"object"} {}`, "after"},
		{"unknown keyword", property(`{"maxlength":1}`), "does not evaluate"},
		{"keyword in another case", property(`{"Pattern":"a"}`), "does not evaluate"},
		{"extension in upper case", property(`{"x-MCP-Header":"a"}`), "does not evaluate"},
		{"unevaluatedProperties", property(`{"unevaluatedProperties":false}`), "does not evaluate"},
		{"dynamicRef", property(`{"$dynamicRef":"#a"}`), "does not evaluate"},
		{"vocabulary", `{"type":"object","$vocabulary":{}}`, "does not evaluate"},
		{"other draft", `{"type":"object","$schema":"http://json-schema.org/draft-04/schema#"}`, "draft"},
		{"inner $schema", property(`{"$schema":"https://json-schema.org/draft/2020-12/schema"}`), "root only"},
		{"inner $id", property(`{"$id":"https://example.org/x"}`), "root only"},
		{"remote reference", property(`{"$ref":"https://example.org/x"}`), "leaves"},
		{"file reference", property(`{"$ref":"other.json#/a"}`), "leaves"},
		{"dangling reference", property(`{"$ref":"#/$defs/none"}`), "leads to no schema"},
		{"reference to an enum value", property(`{"enum":[{}],"not":{"$ref":"#/properties/v/enum/0"}}`), "leads to no schema"},
		{"reference to itself", property(`{"$ref":"#/properties/v"}`), "cycle"},
		{"reference to the root", property(`{"$ref":"#"}`), "cycle"},
		{"cycle of two", `{"type":"object","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"not":{"$ref":"#/$defs/a"}}}}`, "cycle"},
		{"a number that loses digits", `{"type":"object","properties":{"a":{"maximum":9007199254740993}}}`, "2^53"},
		{"recursive tree", `{"type":"object","properties":{"c":{"items":{"$ref":"#"}}}}`, "cycle"},
		{"expansion bomb", `{"type":"object","not":{"$ref":"#/$defs/d0"},"$defs":{` + bomb.String() + `"d16":{}}}`, "subschemas"},
		{"draft-07 sibling", `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"v":{"$ref":"#/definitions/a","minimum":1}},"definitions":{"a":{}}}`, "draft-07"},
		{"draft-07 items array", property(`{"items":[{}]}`), "object or a boolean"},
		{"null schema", property(`null`), "object or a boolean"},
		{"null keyword", property(`{"not":null}`), "object or a boolean"},
		{"null pattern", property(`{"pattern":null}`), "string"},
		{"bad pattern", property(`{"pattern":"("}`), "pattern"},
		{"look-ahead", property(`{"pattern":"(?=a)"}`), "look-around"},
		{"long pattern", property(`{"pattern":"` + strings.Repeat("a", maxPattern+1) + `"}`), "bytes"},
		{"pattern bomb", property(`{"pattern":"(abcdefghij){500}"}`), "states"},
		{"pattern bomb in a name", property(`{"patternProperties":{"(abcdefghij){400}":true}}`), "states"},
		{"negative count", property(`{"minLength":-1}`), "whole number"},
		{"fraction", property(`{"maxItems":1.5}`), "whole number"},
		{"multipleOf 0", property(`{"multipleOf":0}`), "number"},
		{"huge number", property(`{"minimum":1e999}`), "2^53"},
		{"required twice", property(`{"required":["a","a"]}`), "twice"},
		{"required no names", property(`{"required":[1]}`), "string"},
		{"empty anyOf", property(`{"anyOf":[]}`), "at least one"},
		{"unknown type", property(`{"type":"int"}`), "unknown type"},
		{"two anchors", `{"type":"object","$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}`, "anchor"},
		{"zero-width in a description", property(`{"description":"a\u200bb"}`), "hidden"},
		{"tag character in an enum", property(`{"enum":["\udb40\udc41"]}`), "hidden"},
		{"bidi in a property name", `{"type":"object","properties":{"a\u202eb":{}}}`, "hidden"},
		{"line break in a title", property(`{"title":"a\nb"}`), "hidden"},
		{"long description", property(`{"description":"` + strings.Repeat("x", MaxText+1) + `"}`), "bytes"},
		{"header no string", property(`{"type":"string","x-mcp-header":1}`), "header name"},
		{"header null", property(`{"type":"string","x-mcp-header":null}`), "header name"},
		{"header empty", property(`{"type":"string","x-mcp-header":""}`), "header name"},
		{"header with a space", property(`{"type":"string","x-mcp-header":"a b"}`), "header name"},
		{"header on a number", property(`{"type":"number","x-mcp-header":"A"}`), "belongs"},
		{"header without type", property(`{"x-mcp-header":"A"}`), "belongs"},
		{"header at the root", `{"type":"object","x-mcp-header":"A"}`, "belongs"},
		{"header below items", property(`{"items":{"type":"string","x-mcp-header":"A"}}`), "belongs"},
		{"header twice", `{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"properties":{"c":{"type":"string","x-mcp-header":"a"}}}}}`, "twice"},
		{"header beside a type list", `{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":["string"]}}}`, "beside"},
		{"header beside a boolean", `{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A"},"b":true}}`, "beside"},
	} {
		s, err := CompileSchema([]byte(c.schema))
		if err == nil {
			t.Errorf("%s: accepted %s", c.name, s.Raw())
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// Attacks on the cost of Validate: each must end at a limit.
func TestValidateIsBounded(t *testing.T) {
	many := func(item string, n int) string { return `{"v":[` + strings.Repeat(item+",", n-1) + item + `]}` }
	nulls := strings.Repeat(`{"type":"null"},`, 2000)
	integers := strings.Repeat(`{"type":"integer"},`, 2000)
	var distinct strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&distinct, `[%d,"%s"],`, i, strings.Repeat("x", 20_000))
	}
	long := strings.Repeat("a", 4<<20)
	for _, c := range []struct {
		name, schema, value, want string
	}{
		{"many values", property(`{}`), many("0", 1<<20), "more than 100000 values"},
		{"every item against many branches", property(`{"items":{"anyOf":[` + nulls + `true]}}`), many("0", 50_000), "takes too long"},
		{"every item against a negated branch", property(`{"items":{"not":{"allOf":[` + integers + `false]}}}`), many("0", 50_000), "takes too long"},
		{"contains", property(`{"contains":{"anyOf":[` + nulls + `{"type":"null"}]}}`), many("0", 50_000), "takes too long"},
		{"long text, costly pattern", property(`{"pattern":"^(a|b|c{0,2}){0,150}$"}`), `{"v":"` + long + `"}`, "takes too long"},
		{"long text printed by every branch", property(`{"anyOf":[` + nulls + `{"maxLength":1}]}`), `{"v":"` + long + `"}`, "none of the 2001"},
		{"long names", property(`{"patternProperties":{"^(a|b|c{0,2}){0,150}$":true}}`), `{"v":{"` + long + `":1}}`, "takes too long"},
		{"unique long items", property(`{"uniqueItems":true}`), `{"v":[` + distinct.String() + `0]}`, "takes too long"},
		{"large enum", property(`{"items":{"enum":[` + strings.Repeat(`"aaaaaaaa",`, 5000) + `0]}}`), many("0", 50_000), "takes too long"},
		{"deep", property(`{}`), `{"v":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "nested too deeply"},
	} {
		s, err := CompileSchema([]byte(c.schema))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := s.Validate([]byte(c.value)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		} else if len(err.Error()) > 1024 {
			t.Errorf("%s: an error of %d bytes", c.name, len(err.Error()))
		}
	}
}

// What the budget cuts short must not pass: a failing branch under "not" would.
func TestBudgetGivesNoVerdict(t *testing.T) {
	branches := strings.Repeat(`{"type":"null"},`, 2000) + `{"type":"null"}`
	s := mustSchema(t, property(`{"not":{"items":{"not":{"anyOf":[`+branches+`]}}}}`))
	value := `{"v":[` + strings.Repeat("0,", 50_000) + `0]}`
	if err := s.Validate([]byte(value)); err != errSteps {
		t.Errorf("%v, want %v", err, errSteps)
	}
}

func TestValidateErrorText(t *testing.T) {
	s := mustSchema(t, `{"type":"object","additionalProperties":false,"properties":{"image":{"type":"string"}}}`)
	for _, c := range []struct{ value, want string }{
		{`{"image":1}`, `/image: is of type integer, want string`},
		{`{"imgae":1}`, `/imgae: unknown property`},
		{`[]`, `the value: is of type array, want object`},
		{`{"a\u202e\n":1}`, `/a\u202e\n: unknown property`},
		{`{"image":"x","image":"y"}`, `duplicate`},
		{`{"image":"x"} `, ``},
		{`{"image":"x"}}`, `after`},
	} {
		err := s.Validate([]byte(c.value))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.value, err, c.want)
		}
	}
}

func TestSchemaRawIsKept(t *testing.T) {
	text := `{"type":"object","properties":{"a":{"enum":["é","\u00e9x","<&>",1.0,1e2]}}}`
	if got := string(mustSchema(t, text).Raw()); got != text {
		t.Errorf("%s, want %s", got, text)
	}
}
