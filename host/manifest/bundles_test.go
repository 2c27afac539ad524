package manifest

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"bulkhead/abi"
)

// asked is what the bundles of good.toml ask for.
func asked() map[string]Asked {
	log, none := abi.GrantsOf(abi.Log), abi.Grants(0)
	all := abi.RoleTool.Allowed()
	return map[string]Asked{
		"auth":    {Capabilities: log, Imports: log, Configure: true},
		"abac":    {Capabilities: none, Imports: none, Configure: true},
		"hours":   {Capabilities: log | abi.GrantsOf(abi.Audit), Imports: log | abi.GrantsOf(abi.Audit)},
		"inspect": {Capabilities: all, Imports: all, Keys: []string{"report"}, Models: []string{"digits"}, Tools: []string{"label", "count"}, Configure: true},
		"digits":  {Stateful: true},
		"spare":   {Capabilities: log, Imports: log, Tools: []string{"label"}},
	}
}

func TestCheckBundles(t *testing.T) {
	for _, tt := range []struct {
		name   string
		alias  string
		change func(*Asked)
		line   int
		key    string
		says   string
		hint   string
	}{
		{name: "as granted", alias: "inspect", change: func(*Asked) {}},
		{"import without declaration", "spare", func(a *Asked) { a.Imports |= abi.GrantsOf(abi.Audit) }, 112, "plugin.spare.bundle",
			"other/inspect imports audit without declaring it", "its author"},
		{"declaration without import", "inspect", func(a *Asked) { a.Imports &^= abi.GrantsOf(abi.Sign) }, 70, "plugin.inspect.bundle",
			"declares sign without importing it", "its author"},
		{"declaration without grant", "spare", func(a *Asked) {
			a.Capabilities |= abi.GrantsOf(abi.Infer)
			a.Imports = a.Capabilities
			a.Models = []string{"m", "n"}
		}, 119, "plugin.spare.grant", "asks for infer, which is not granted", `grant.infer = { m = "ALIAS", n = "ALIAS" }`},
		{"plain declaration without grant", "abac", func(a *Asked) { a.Capabilities, a.Imports = 1, 1 }, 48, "plugin.abac.grant",
			"asks for log, which is not granted", "grant.log = {}"},
		{"unused grant", "spare", func(a *Asked) { a.Capabilities, a.Imports = 0, 0 }, 119, "plugin.spare.grant.log", "does not ask for log", "take it out"},
		{"state without grant", "spare", func(a *Asked) { a.Stateful = true }, 119, "plugin.spare.grant", "other/inspect asks to be stateful, which is not granted", "grant.stateful = {}"},
		{"state granted to one that keeps none", "digits", func(a *Asked) { a.Stateful = false }, 97, "plugin.digits.grant.stateful", "acme/digits does not ask to be stateful", "take it out"},
		{"slot without target", "inspect", func(a *Asked) { a.Keys = append(a.Keys, "seal") }, 83, "plugin.inspect.grant.sign", `slot "seal" of acme/inspect has no target`, ""},
		{"target without slot", "inspect", func(a *Asked) { a.Keys = nil }, 83, "plugin.inspect.grant.sign.report", "has no such slot", ""},
		{"config that nobody reads", "inspect", func(a *Asked) { a.Configure = false }, 86, "plugin.inspect.config", "does not export bulkhead_v1_configure", "take it out"},
		{"same tool twice", "spare", func(a *Asked) { a.Tools = []string{"a", "a"} }, 111, "plugin.spare.prefix", `tool "spare_a" is also one of plugin spare`, "prefix"},
		{"tool of two plugins", "inspect", func(a *Asked) { a.Tools = []string{"spare_label"} }, 111, "plugin.spare.prefix", `tool "spare_label" is also one of plugin inspect`, "prefix"},
		{"long tool name", "spare", func(a *Asked) { a.Tools = []string{strings.Repeat("a", 59)} }, 111, "plugin.spare.prefix", "is no MCP tool name", "shorter"},
		{"tool name with space", "inspect", func(a *Asked) { a.Tools = []string{"a b"} }, 80, "plugin.inspect.prefix", `"a b" is no MCP tool name`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, got := load(t, stage(t, readFile(t, "testdata/good.toml"), ""))
			compare(t, got, nil)
			bundles := asked()
			a := bundles[tt.alias]
			tt.change(&a)
			bundles[tt.alias] = a
			err := m.CheckBundles(bundles)
			if tt.key == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var p *Problems
			if !errors.As(err, &p) {
				t.Fatalf("accepted: %v", err)
			}
			compare(t, p.List, []want{{tt.line, tt.key, tt.says}})
			if len(p.List) > 0 && !strings.Contains(p.List[0].Hint, tt.hint) {
				t.Errorf("hint %q", p.List[0].Hint)
			}
		})
	}
}

func TestCheckBundlesPassesOverWhatDidNotOpen(t *testing.T) {
	m, got := load(t, stage(t, readFile(t, "testdata/good.toml"), ""))
	compare(t, got, nil)
	bundles := asked()
	maps.DeleteFunc(bundles, func(alias string, _ Asked) bool { return alias != "auth" })
	if err := m.CheckBundles(bundles); err != nil {
		t.Error(err)
	}
	if err := (&Manifest{Plugins: []Plugin{{Alias: "x", Config: []byte("{}")}}}).CheckBundles(map[string]Asked{"x": {}}); err == nil {
		t.Error("a manifest made by hand is not checked")
	}
}
