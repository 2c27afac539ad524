package manifest

import (
	"maps"
	"slices"
	"strings"

	"bulkhead/abi"
)

// values is a decoded table. Its getters return zero for what is missing or of another type: that was reported already.
type values map[string]any

func (v values) table(key string) values {
	t, _ := v[key].(map[string]any)
	return t
}

func (v values) text(key, otherwise string) string {
	if s, ok := v[key].(string); ok {
		return s
	}
	return otherwise
}

func (v values) number(key string, otherwise int64) int64 {
	if n, ok := v[key].(int64); ok {
		return n
	}
	return otherwise
}

func (v values) texts(key string) []string {
	var out []string
	list, _ := v[key].([]any)
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (v values) names() []string { return slices.Sorted(maps.Keys(v)) }

// assemble builds the manifest and reports what its parts have against each other. After problems the manifest is of use
// only for finding more of them.
func assemble(host, device document) *Manifest {
	v := host.values
	m := &Manifest{
		Digest: host.digest,
		Serial: v.number("serial", 0),
		State:  v.text("state", ""),
		Pipeline: Pipeline{
			Auth:   v.table("pipeline").text("auth", ""),
			Policy: v.table("pipeline").texts("policy"),
		},
		Listen: Listen{
			HTTP:     v.table("listen").text("http", ""),
			Origins:  v.table("listen").texts("origins"),
			Audience: v.table("listen").text("audience", DefaultAudience),
		},
		Sandbox: v.table("sandbox").texts("require"),
		Audit:   newAudit(v.table("audit")),
		Device: Device{
			Digest:    device.digest,
			Name:      device.values.text("name", ""),
			Zone:      device.values.text("zone", ""),
			Keys:      device.values.text("keys", ""),
			KeyFolder: device.values.text("key_folder", ""),
		},
	}
	if w := v.table("backend").table(otherProgram); w != nil {
		m.Workers = append(m.Workers, Worker{Backend: otherProgram, Path: w.text("path", ""), Digest: w.text("digest", "")})
	}
	for _, name := range v.table("publisher").names() {
		m.Publishers = append(m.Publishers, newPublisher(name, v.table("publisher").table(name)))
	}
	for _, name := range v.table("plugin").names() {
		m.Plugins = append(m.Plugins, newPlugin(host.report, name, v.table("plugin").table(name)))
	}
	if v != nil {
		checkParts(m, host)
	}
	m.outline = host.outline
	return m
}

func newPublisher(name string, v values) Publisher {
	p := Publisher{Name: name, Keys: v.texts("keys"), Threshold: int(v.number("threshold", 0)), MaySign: v.texts("may_sign")}
	for _, r := range v.texts("roles") {
		p.Roles = append(p.Roles, abi.Role(r))
	}
	return p
}

func newPlugin(r *report, name string, v values) Plugin {
	p := Plugin{
		Alias:   name,
		Bundle:  v.text("bundle", ""),
		Is:      v.text("is", ""),
		Digest:  v.text("digest", ""),
		Role:    abi.Role(v.text("role", "")),
		Backend: v.text("backend", DefaultBackend),
		Prefix:  v.text("prefix", name+"_"),
		Sign:    slots(v.table("grant").table("sign")),
		Infer:   slots(v.table("grant").table("infer")),
	}
	p.Name, _, _ = strings.Cut(p.Is, "@")
	_, p.Stateful = v.table("grant")["stateful"]
	p.limits(v)
	for _, g := range v.table("grant").names() {
		if c, ok := abi.ParseCapability(g); ok {
			p.Grants |= abi.GrantsOf(c)
		}
	}
	config, err := configJSON(v["config"])
	if err != nil && len(r.list) == 0 {
		r.add(keyPath{"plugin", name, "config"}, "", "has no JSON form: %v", err)
	}
	p.Config = config
	return p
}

// limits reads what stays zero where it is wrong. The calls of a stateful plugin share one instance.
func (p *Plugin) limits(v values) {
	p.Isolation, _ = ParseIsolation(v.text("isolation", ""))
	p.Memory, _ = ParseMemory(v.text("memory", ""))
	p.Timeout, _ = ParseTimeout(v.text("timeout", ""))
	p.Fuel, _ = ParseFuel(v.text("fuel", ""))
	p.Instances = 1
	if !p.Stateful {
		p.Instances = int(v.number("instances", DefaultInstances))
	}
}

func slots(v values) map[string]string {
	out := map[string]string{}
	for name := range v {
		out[name] = v.text(name, "")
	}
	return out
}
