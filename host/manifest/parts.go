package manifest

import (
	"maps"
	"slices"
	"strings"

	"bulkhead/abi"
)

// checkParts reports what is wrong between parts that are right alone. Empty values were reported as missing or of the
// wrong type.
func checkParts(m *Manifest, d document) {
	checkHeaders(d)
	checkListen(d)
	checkState(m, d.report)
	checkAudit(m, d)
	checkWorkers(m, d.report)
	checkPublishers(m, d.report)
	checkPipeline(m, d.report)
	keys := map[string]keyPath{}
	for _, p := range m.Plugins {
		checkPlugin(m, p, d)
		checkStateful(p, d)
		checkInfer(m, p, d.report)
		checkSign(p, keys, d.report)
	}
}

// checkHeaders keeps grants inside the plugin's own block, so that no block's place in the file decides about them.
func checkHeaders(d document) {
	for _, h := range d.outline.headers {
		if len(h.at) > 2 && h.at[0] == "plugin" && h.at[2] == "grant" {
			d.list = append(d.list, Problem{File: d.file, Line: h.row, Key: h.at.String(),
				Message: "is a table of its own", Hint: "write grants inside [plugin." + keyName(h.at[1]) + "], as in grant.log = {}"})
		}
	}
}

func checkListen(d document) {
	listen := d.values.table("listen")
	if len(listen.texts("origins")) > 0 && listen["http"] == nil {
		d.add(keyPath{"listen", "origins"}, "add listen.http, or take this out", "has no effect without listen.http")
	}
}

// checkState keeps what the host writes apart from what it trusts.
func checkState(m *Manifest, r *report) {
	apart := func(other string, at keyPath) {
		if m.State != "" && other != "" && (inside(m.State, other) || inside(other, m.State)) {
			r.add(at, "", "%s and the state folder %s lie inside each other", quote(other), quote(m.State))
		}
	}
	for _, p := range m.Plugins {
		apart(p.Bundle, keyPath{"plugin", p.Alias, "bundle"})
	}
	for _, p := range m.Publishers {
		for i, key := range p.Keys {
			apart(key, keyPath{"publisher", p.Name, "keys"}.index(i))
		}
	}
	apart(m.Device.KeyFolder, keyPath{"state"})
}

func inside(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

func checkPublishers(m *Manifest, r *report) {
	for i, p := range m.Publishers {
		at := keyPath{"publisher", p.Name}
		if len(p.Keys) > 0 && p.Threshold > len(p.Keys) {
			r.add(at.add("threshold"), "", "is %d, but there are %d keys", p.Threshold, len(p.Keys))
		}
		for _, q := range m.Publishers[:i] {
			checkOverlap(p, q, at, r)
		}
	}
}

func checkOverlap(p, q Publisher, at keyPath, r *report) {
	for i, a := range p.MaySign {
		if slices.ContainsFunc(q.MaySign, func(b string) bool { return covers(a, b) || covers(b, a) }) {
			r.add(at.add("may_sign").index(i), "a name has one publisher", "%s is also for publisher %s to sign", quote(a), q.Name)
		}
	}
	for i, key := range p.Keys {
		if slices.Contains(q.Keys, key) {
			r.add(at.add("keys").index(i), "a key has one publisher", "%s is also a key of publisher %s", quote(key), q.Name)
		}
	}
}

func checkPipeline(m *Manifest, r *report) {
	checkTarget(m, m.Pipeline.Auth, abi.RoleAuth, keyPath{"pipeline", "auth"}, r)
	for i, a := range m.Pipeline.Policy {
		checkTarget(m, a, abi.RolePolicy, keyPath{"pipeline", "policy"}.index(i), r)
	}
}

// checkTarget reports an alias that names no plugin of the role.
func checkTarget(m *Manifest, alias string, role abi.Role, at keyPath, r *report) {
	if wrongAlias(alias) {
		return
	}
	switch p, ok := m.Plugin(alias); {
	case !ok:
		r.add(at, "add [plugin."+keyName(alias)+"]", "there is no plugin %s", quote(alias))
	case p.Role != role && p.Role.Valid():
		r.add(at, "", "plugin %s has role %s, must have role %s", alias, p.Role, role)
	}
}

func wrongAlias(name string) bool { return alias(name) != "" }

// checkPlugin reports a plugin that nobody may sign, nobody would run, or that has what its role must not have.
func checkPlugin(m *Manifest, p Plugin, d document) {
	at := keyPath{"plugin", p.Alias}
	if publisher, ok := m.Publisher(p.Name); !ok && signedName(p.Is) == "" {
		d.add(at.add("is"), "list it in the may_sign of one publisher", "no publisher may sign %s", quote(p.Name))
	} else if ok && p.Role.Valid() && !slices.Contains(publisher.Roles, p.Role) {
		d.add(at.add("role"), "", "publisher %s may not sign plugins of role %s", publisher.Name, p.Role)
	}
	if !p.Role.Valid() {
		return
	}
	for _, c := range (p.Grants &^ p.Role.Allowed()).List() {
		d.add(at.add("grant", c.String()), "", "plugins of role %s may have %s, nothing else", p.Role, p.Role.Allowed())
	}
	if !m.used(p) {
		d.add(at, "use it in [pipeline], or in a grant.infer, or take it out", "is a plugin of role %s that nothing would ever run", p.Role)
	}
	if _, ok := d.values.table("plugin").table(p.Alias)["prefix"]; ok && p.Role != abi.RoleTool {
		d.add(at.add("prefix"), "take it out", "only plugins of role tool have tools")
	}
}

// checkStateful keeps state from those who decide, and a number of instances from a plugin that has one.
func checkStateful(p Plugin, d document) {
	if !p.Stateful {
		return
	}
	at := keyPath{"plugin", p.Alias}
	if p.Role.Valid() && !p.Role.MayKeepState() {
		d.add(at.add("grant", "stateful"), "take it out", "plugins of role %s start every call from their snapshot", p.Role)
	}
	if n := d.values.table("plugin").table(p.Alias).number("instances", 1); n != 1 {
		d.add(at.add("instances"), "take it out", "is %d, but the calls of a stateful plugin share one instance", n)
	}
}

// used reports whether anything would run p. With a pipeline that is itself a problem nobody knows.
func (m *Manifest) used(p Plugin) bool {
	switch p.Role {
	case abi.RoleAuth:
		other, ok := m.Plugin(m.Pipeline.Auth)
		return m.Pipeline.Auth == p.Alias || !ok || other.Role != abi.RoleAuth
	case abi.RolePolicy:
		return slices.Contains(m.Pipeline.Policy, p.Alias) || len(m.Pipeline.Policy) == 0
	case abi.RoleModel:
		return slices.ContainsFunc(m.Plugins, func(q Plugin) bool { return hasTarget(q, p.Alias) })
	}
	return true
}

func hasTarget(p Plugin, alias string) bool {
	for _, target := range p.Infer {
		if target == alias {
			return true
		}
	}
	return false
}

func checkInfer(m *Manifest, p Plugin, r *report) {
	for _, slot := range sortedKeys(p.Infer) {
		checkTarget(m, p.Infer[slot], abi.RoleModel, keyPath{"plugin", p.Alias, "grant", "infer", slot}, r)
	}
}

// checkSign gives every key to one slot of one plugin: keys holds the places seen so far.
func checkSign(p Plugin, keys map[string]keyPath, r *report) {
	for _, slot := range sortedKeys(p.Sign) {
		id, at := p.Sign[slot], keyPath{"plugin", p.Alias, "grant", "sign", slot}
		if other, ok := keys[id]; ok && id != "" {
			r.add(at, "make a key of its own for each slot", "key %s is also that of %s", quote(id), other)
		}
		keys[id] = at
	}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
