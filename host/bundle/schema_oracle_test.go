package bundle

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/host/strictjson"
)

// Whatever compiles, jsonschema-go resolves and go-sdk serves, and both evaluators agree on every value.
func FuzzSchemaAgainstOracle(f *testing.F) {
	for _, c := range [][2]string{
		{property(`{"type":"string","minLength":1}`), `{"v":""}`},
		{property(`{"anyOf":[{"type":"string"},{"minimum":1}]}`), `{"v":1}`},
		{property(`{"oneOf":[{"multipleOf":2},{"multipleOf":3}]}`), `{"v":6}`},
		{property(`{"uniqueItems":true,"contains":{"const":1},"maxContains":1}`), `{"v":[1,0,-0]}`},
		{property(`{"prefixItems":[{"const":"a"}],"items":false}`), `{"v":["a",1]}`},
		{property(`{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"maxProperties":1}}`), `{"v":{"a":1}}`},
		{property(`{"patternProperties":{"^a":{"type":"integer"}},"additionalProperties":{"type":"null"},"propertyNames":{"maxLength":2}}`), `{"v":{"ab":1,"c":null}}`},
		{property(`{"dependentRequired":{"a":["b"]},"dependentSchemas":{"b":{"not":{"required":["c"]}}}}`), `{"v":{"a":1,"b":2}}`},
		{`{"type":"object","properties":{"v":{"$ref":"#/$defs/a"}},"$defs":{"a":{"enum":[{"b":[1,null]},"x"]}}}`, `{"v":{"b":[1.0,null]}}`},
		{`{"type":"object","properties":{"v":{"$ref":"#n","type":["string","null"]}},"$defs":{"a":{"$anchor":"n","pattern":"^x"}}}`, `{"v":"x"}`},
		{`{"type":"object","properties":{"v":{"type":"string","x-mcp-header":"V"}},"required":["v"]}`, `{}`},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, schema, value string) {
		s, err := CompileSchema([]byte(schema))
		if err != nil {
			return
		}
		var oracle jsonschema.Schema
		if json.Unmarshal([]byte(schema), &oracle) != nil {
			return
		}
		resolved, err := oracle.Resolve(nil)
		if err != nil {
			return // it takes $defs or definitions, not both
		}
		server := mcp.NewServer(&mcp.Implementation{Name: "test"}, nil)
		server.AddTool(&mcp.Tool{Name: "t", InputSchema: s.Raw(), OutputSchema: s.Raw()}, nil) // must not panic

		ours := s.Validate([]byte(value))
		var instance any
		if strictjson.Check([]byte(value)) != nil || json.Unmarshal([]byte(value), &instance) != nil {
			if ours == nil {
				t.Errorf("accepted %q, which is no JSON", value)
			}
			return
		}
		theirs := resolved.Validate(instance)
		// Of multipleOf the oracle has another notion: 0.3 is no multiple of 0.1.
		if ours != errSteps && (ours == nil) != (theirs == nil) && !strings.Contains(schema, "multipleOf") {
			t.Errorf("%s\n%s\nours %v\ntheirs %v", schema, value, ours, theirs)
		}
	})
}
