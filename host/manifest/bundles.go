package manifest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bulkhead/abi"
)

// Asked is what a verified bundle asks for, as far as the manifest has to answer it.
type Asked struct {
	Capabilities abi.Grants // that the descriptor declares
	Imports      abi.Grants // that the module imports
	Keys         []string   // sign slots
	Models       []string   // infer slots
	Tools        []string   // tool names, without prefix
	Configure    bool       // the module exports configure
	Stateful     bool       // the descriptor declares it
}

// CheckBundles holds the manifest against its bundles, by alias: imports, declarations and grants must be the same sets,
// every slot must lead somewhere and nothing else may be granted, a config needs a module that reads it, and no MCP tool
// name may arise twice. A plugin whose alias is missing from bundles is passed over. The error is a *Problems.
func (m *Manifest) CheckBundles(bundles map[string]Asked) error {
	r := &report{file: filepath.Base(m.Path), outline: m.outline}
	tools := map[string]string{} // MCP name to alias
	for _, p := range m.Plugins {
		asked, ok := bundles[p.Alias]
		if !ok {
			continue
		}
		checkGrants(r, p, asked)
		checkStateGrant(r, p, asked)
		checkSlots(r, p, abi.Sign, p.Sign, asked.Keys)
		checkSlots(r, p, abi.Infer, p.Infer, asked.Models)
		if p.Config != nil && !asked.Configure {
			r.add(keyPath{"plugin", p.Alias, "config"}, "take it out", "%s reads no config: it does not export %s", p.Name, abi.ExportConfigure)
		}
		checkTools(r, p, asked.Tools, tools)
	}
	return problems(r)
}

func checkGrants(r *report, p Plugin, asked Asked) {
	bundle, grant := keyPath{"plugin", p.Alias, "bundle"}, keyPath{"plugin", p.Alias, "grant"}
	for _, c := range (asked.Imports &^ asked.Capabilities).List() {
		r.add(bundle, "its author must declare it in capabilities, and sign again", "%s imports %s without declaring it", p.Name, c)
	}
	for _, c := range (asked.Capabilities &^ asked.Imports).List() {
		r.add(bundle, "its author must take it out of capabilities, and sign again", "%s declares %s without importing it", p.Name, c)
	}
	for _, c := range (asked.Capabilities &^ p.Grants).List() {
		r.add(grant, fmt.Sprintf("grant it, as in %s, or take the plugin out", example(c, asked)), "%s asks for %s, which is not granted", p.Name, c)
	}
	for _, c := range (p.Grants &^ asked.Capabilities).List() {
		r.add(grant.add(c.String()), "take it out", "%s does not ask for %s", p.Name, c)
	}
}

func checkStateGrant(r *report, p Plugin, asked Asked) {
	grant := keyPath{"plugin", p.Alias, "grant"}
	if asked.Stateful && !p.Stateful {
		r.add(grant, "grant it, as in grant.stateful = {}, or take the plugin out: all principals would share its memory", "%s asks to be stateful, which is not granted", p.Name)
	}
	if p.Stateful && !asked.Stateful {
		r.add(grant.add("stateful"), "take it out", "%s does not ask to be stateful", p.Name)
	}
}

// example is a grant of c as the manifest writes it.
func example(c abi.Capability, asked Asked) string {
	slots := map[abi.Capability][]string{abi.Sign: asked.Keys, abi.Infer: asked.Models}[c]
	target := map[abi.Capability]string{abi.Sign: "KEY-ID", abi.Infer: "ALIAS"}[c]
	var members []string
	for _, slot := range slots {
		members = append(members, fmt.Sprintf("%s = %q", slot, target))
	}
	if members == nil {
		return fmt.Sprintf("grant.%s = {}", c)
	}
	return fmt.Sprintf("grant.%s = { %s }", c, strings.Join(members, ", "))
}

// checkSlots compares the slots of a granted capability with those that the bundle declares.
func checkSlots(r *report, p Plugin, c abi.Capability, granted map[string]string, declared []string) {
	if !p.Grants.Has(c) {
		return
	}
	at := keyPath{"plugin", p.Alias, "grant", c.String()}
	for _, slot := range declared {
		if _, ok := granted[slot]; !ok {
			r.add(at, "", "slot %s of %s has no target", quote(slot), p.Name)
		}
	}
	for _, slot := range sortedKeys(granted) {
		if !slices.Contains(declared, slot) {
			r.add(at.add(slot), "its slots: "+strings.Join(declared, ", "), "%s has no such slot", p.Name)
		}
	}
}

func checkTools(r *report, p Plugin, names []string, seen map[string]string) {
	form := regexp.MustCompile(`^[a-z0-9_.-]{1,64}$`)
	at := keyPath{"plugin", p.Alias, "prefix"}
	for _, tool := range names {
		name := p.ToolName(tool)
		if !form.MatchString(name) {
			r.add(at, "choose a shorter prefix", "%s is no MCP tool name of 1 to 64 of a-z, 0-9, _, . and -", quote(name))
		}
		if other, ok := seen[name]; ok {
			r.add(at, "give one of them another prefix", "tool %s is also one of plugin %s", quote(name), other)
		}
		seen[name] = p.Alias
	}
}
