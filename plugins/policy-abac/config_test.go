package main

import (
	"fmt"
	"strings"
	"testing"

	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/both"
)

func rule1(more string) string {
	return `{"rules":[{"name":"r","effect":"allow",` + anything + more + `}]}`
}

func TestConfigure(t *testing.T) {
	many := strings.Repeat(`"x",`, maxList) + `"x"`
	var rules []string
	for i := range maxRules + 1 {
		rules = append(rules, fmt.Sprintf(`{"name":"r%d","effect":"allow",%s}`, i, anything))
	}
	cases := []struct{ name, config, refusal string }{
		{"smallest", rule1(``), ""},
		{"most rules", `{"rules":[` + strings.Join(rules[1:], ",") + `]}`, ""},
		{"everything", rule1(`,"plugins":["a/*"],"claims":{"a":["b"]},"arguments":{"/x/~01":{"eq":1,"present":true}},"devices":["d"],"zones":["z"],"transports":["stdio"],"hours":"23:59-00:00","days":["sat","sun"]`), ""},
		{"no config", `{}`, "rules: 0"},
		{"no rules", `{"rules":[]}`, "rules: 0"},
		{"too many rules", `{"rules":[` + strings.Join(rules, ",") + `]}`, "rules: 257"},
		{"unknown member", `{"rules":[],"default":"allow"}`, `unknown name "default"`},
		{"unknown member of a rule", rule1(`,"priority":1`), `unknown name "priority"`},
		{"unknown member of a constraint", rule1(`,"arguments":{"/x":{"ne":1}}`), `unknown name "ne"`},
		{"member in other case", rule1(`,"Hours":"06:00-22:00"`), `unknown name "Hours"`},
		{"member twice", rule1(`,"effect":"deny"`), "duplicate name"},
		{"no name", `{"rules":[{"effect":"allow",` + anything + `}]}`, "rules[0]: name"},
		{"bad name", `{"rules":[{"name":"A b","effect":"allow",` + anything + `}]}`, "rules[0]: name"},
		{"name twice", `{"rules":[{"name":"r","effect":"allow",` + anything + `},{"name":"r","effect":"deny",` + anything + `}]}`, "rules[1]: name"},
		{"no effect", `{"rules":[{"name":"r",` + anything + `}]}`, "effect"},
		{"effect in capitals", `{"rules":[{"name":"r","effect":"ALLOW",` + anything + `}]}`, "effect"},
		{"no principals", `{"rules":[{"name":"r","effect":"allow","actions":["*"],"resources":["*"]}]}`, "principals: 0 entries"},
		{"no actions", `{"rules":[{"name":"r","effect":"allow","principals":["*"],"resources":["*"]}]}`, "actions: 0 entries"},
		{"no resources", `{"rules":[{"name":"r","effect":"allow","principals":["*"],"actions":["*"]}]}`, "resources: 0 entries"},
		{"empty list", rule1(`,"zones":[]`), "zones: 0 entries"},
		{"empty days", rule1(`,"days":[]`), "days: 0 entries"},
		{"empty claims", rule1(`,"claims":{}`), "claims: 0 members"},
		{"empty arguments", rule1(`,"arguments":{}`), "arguments: 0 members"},
		{"claim without values", rule1(`,"claims":{"role":[]}`), "claims.role: 0 entries"},
		{"long list", rule1(`,"zones":[` + many + `]`), "zones: 65 entries"},
		{"star inside", rule1(`,"zones":["a*b"]`), "star"},
		{"two stars", rule1(`,"zones":["a**"]`), "star"},
		{"long pattern", rule1(`,"zones":["` + strings.Repeat("a", maxText+1) + `"]`), "longer"},
		{"hours of one time", rule1(`,"hours":"06:00-06:00"`), "hours"},
		{"hours beyond the day", rule1(`,"hours":"06:00-24:01"`), "hours"},
		{"hours without minutes", rule1(`,"hours":"6-22"`), "hours"},
		{"hours with signs", rule1(`,"hours":"+6:00-22:00"`), "hours"},
		{"minute 60", rule1(`,"hours":"06:60-22:00"`), "hours"},
		{"hours from the end of the day", rule1(`,"hours":"24:00-06:00"`), "hours"},
		{"long day", rule1(`,"days":["monday"]`), "days"},
		{"offset too far", strings.Replace(rule1(``), `{`, `{"utc_offset":"+14:01",`, 1), "utc_offset"},
		{"offset of a letter", strings.Replace(rule1(``), `{`, `{"utc_offset":"Z",`, 1), "utc_offset"},
		{"offset without sign", strings.Replace(rule1(``), `{`, `{"utc_offset":"002:00",`, 1), "utc_offset"},
		{"pointer without slash", rule1(`,"arguments":{"size":{"eq":1}}`), "JSON pointer"},
		{"pointer to the whole", rule1(`,"arguments":{"":{"present":true}}`), "JSON pointer"},
		{"pointer with a bad escape", rule1(`,"arguments":{"/a~2":{"eq":1}}`), "JSON pointer"},
		{"empty constraint", rule1(`,"arguments":{"/a":{}}`), "needs eq"},
		{"absent and more", rule1(`,"arguments":{"/a":{"present":false,"eq":1}}`), "stands alone"},
		{"in of nothing", rule1(`,"arguments":{"/a":{"in":[]}}`), "in: 0 entries"},
		{"in of mixed types", rule1(`,"arguments":{"/a":{"in":[1,"1"]}}`), "one type"},
		{"eq of null", rule1(`,"arguments":{"/a":{"eq":null}}`), "one type"},
		{"eq of a list", rule1(`,"arguments":{"/a":{"eq":[1]}}`), "one type"},
		{"eq beyond 2^53", rule1(`,"arguments":{"/a":{"eq":9007199254740993}}`), "2^53"},
		{"le of a string", rule1(`,"arguments":{"/a":{"le":"1"}}`), "decoding config"},
	}
	// Natively only: loading a guest takes the sandbox a second or so, for each of these configs.
	sdktest.Run(t, sdktest.Config{}, func(t *testing.T, p *sdktest.Plugin) {
		for _, c := range cases {
			err := p.Configure(c.config)
			switch {
			case c.refusal == "" && err != nil:
				t.Errorf("%s: %v", c.name, err)
			case c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)):
				t.Errorf("%s: got %v, want an error about %q", c.name, err, c.refusal)
			}
		}
	})
}

func TestConfigureRefusedInSandbox(t *testing.T) {
	both.Run(t, sdktest.Config{}, func(t *testing.T, p *sdktest.Plugin) {
		if err := p.Configure(nil); err == nil || !strings.Contains(err.Error(), "rules: 0") {
			t.Errorf("without config: got %v, want a refusal", err)
		}
	})
}
