package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"bulkhead/abi"
	"bulkhead/host/manifest"
)

// A plan is what `host check --json` prints: what would run.
type plan struct {
	Manifest    string        `json:"manifest"`
	Serial      int64         `json:"serial"`
	Development bool          `json:"development"`
	Plugins     []planPlugin  `json:"plugins"`
	Sandbox     []planLayer   `json:"sandbox,omitempty"` // of workers, if any plugin has one
	Engines     []planEngine  `json:"engines"`
	Audit       auditSettings `json:"audit"`
	Advisories  string        `json:"advisories_known_on"` // date: nothing newer is known
	Notes       []string      `json:"notes"`
}

// A planLayer is a layer of the sandbox around a worker.
type planLayer struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Present  bool   `json:"present"`
	Detail   string `json:"detail,omitempty"`
}

type planPlugin struct {
	Alias     string   `json:"alias"`
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	Role      string   `json:"role"`
	Backend   string   `json:"backend"`
	Isolation string   `json:"isolation"`
	Publisher string   `json:"publisher"`
	Signers   []string `json:"signers"`
	Digest    string   `json:"digest"`

	Module       string `json:"module"`        // the file that runs
	ModuleDigest string `json:"module_digest"` // its SHA-256 in hex

	Asked     []string `json:"asked"`
	Granted   []string `json:"granted"`
	Memory    uint64   `json:"memory"`  // bytes of one instance
	Timeout   string   `json:"timeout"` // of one call, as the manifest writes it
	Fuel      uint64   `json:"fuel"`    // units of one call
	Instances int      `json:"instances"`
	Stateful  bool     `json:"stateful"`
	Tools     []string `json:"tools,omitempty"`
}

func planOf(sys *system) plan {
	p := plan{Manifest: sys.Path, Serial: sys.Serial, Development: sys.development, Audit: settingsOf(sys.Audit)}
	for _, q := range sys.plugins {
		d := q.bundle.Descriptor
		pp := planPlugin{
			Alias: q.Alias, Name: d.Name, Version: d.Version, Role: string(d.Role), Backend: q.Backend, Publisher: q.bundle.Publisher,
			Signers: q.bundle.Signers, Digest: q.bundle.Digest, Module: q.module.File, ModuleDigest: q.module.Digest, Asked: requests(&d), Granted: granted(q),
			Isolation: string(q.Isolation), Memory: q.Memory, Timeout: manifest.FormatTimeout(q.Timeout), Fuel: q.Fuel, Instances: q.Instances, Stateful: q.Stateful,
		}
		for _, t := range d.Tools {
			pp.Tools = append(pp.Tools, q.ToolName(t.Name))
		}
		p.Plugins = append(p.Plugins, pp)
	}
	p.Notes = notes(sys)
	return p
}

// granted names what the operator gives, with the target of each slot.
func granted(p *plugin) []string {
	out := []string{}
	for _, c := range p.Grants.List() {
		if c != abi.Sign && c != abi.Infer { // which stand below, slot by slot
			out = append(out, c.String())
		}
	}
	if p.Stateful {
		out = append(out, "stateful")
	}
	for _, slot := range slices.Sorted(maps.Keys(p.Sign)) {
		out = append(out, "sign:"+slot+"="+p.Sign[slot])
	}
	for _, slot := range slices.Sorted(maps.Keys(p.Infer)) {
		out = append(out, "infer:"+slot+"="+p.Infer[slot])
	}
	return out
}

// notes says what an operator should know and no table shows.
func notes(sys *system) []string {
	out := []string{"every plugin asks for exactly what it may: anything else is an error"}
	if aliases := having(sys, func(p *plugin) bool { return p.Isolation == manifest.Inline }); aliases != "" {
		out = append(out, "inline: "+aliases+" (inline plugins share the host's process: an engine's bug is the host's)")
	}
	if aliases := having(sys, func(p *plugin) bool { return p.Stateful }); aliases != "" {
		out = append(out, "stateful: "+aliases+" (what one principal leaves behind, the next one meets)")
	}
	for _, p := range sys.plugins {
		if p.bundle.Relaxed != nil {
			out = append(out, fmt.Sprintf("%s has two modules: %s runs on %s, digest %s", p.Alias, p.module.File, p.Backend, p.module.Digest))
		}
	}
	if sys.development {
		out = append(out, "development keys: log, evidence and receipts say so; loopback only")
	}
	if sys.audit == nil {
		out = append(out, "no audit key yet: the first start makes the key that signs the log, "+sys.auditKeyPath())
	}
	if sys.root == nil {
		out = append(out, "no root key yet: the floor is not authenticated, and compiled code is not kept")
	}
	if anonymous(sys) {
		out = append(out, "callers without a credential have a principal: the auth plugin's config has anonymous")
	}
	return append(out, "without a TPM, whoever can restore the whole state directory can roll back")
}

// having lists the aliases of the plugins for which has holds.
func having(sys *system, has func(*plugin) bool) string {
	var out []string
	for _, p := range sys.plugins {
		if has(p) {
			out = append(out, p.Alias)
		}
	}
	return strings.Join(out, " ")
}

// anonymous reports whether the auth plugin's config mentions it at its top; what it means is the plugin's affair.
func anonymous(sys *system) bool {
	p := sys.plugin(sys.Pipeline.Auth)
	return p != nil && strings.Contains(string(p.Config), `"anonymous":`)
}

// within is what a plugin is held to.
func (p *planPlugin) within() string {
	return fmt.Sprintf("%s, %s, %s fuel, %s/%s", manifest.FormatMemory(p.Memory), p.Timeout, manifest.FormatFuel(p.Fuel), p.Backend, p.Isolation)
}

// sandboxText names the layers that are there, and those that are not.
func sandboxText(layers []planLayer) string {
	var have, lack []string
	for _, l := range layers {
		switch {
		case l.Present && l.Name == "landlock":
			have = append(have, l.Name+" ("+l.Detail+")")
		case l.Present:
			have = append(have, l.Name)
		default:
			lack = append(lack, l.Name)
		}
	}
	if lack == nil {
		return strings.Join(have, ", ")
	}
	return strings.Join(have, ", ") + "; not here: " + strings.Join(lack, ", ")
}

func planText(p plan) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PLUGIN\tROLE\tSIGNER\tMAY\tWITHIN\tDIGEST")
	for _, q := range p.Plugins {
		may := strings.Join(q.Granted, " ")
		if may == "" {
			may = "nothing"
		}
		fmt.Fprintf(t, "%s = %s %s\t%s\t%s %.8s\t%s\t%s\t%.12s\n", q.Alias, q.Name, q.Version, q.Role, q.Publisher, strings.Join(q.Signers, " "), may, q.within(), q.Digest)
	}
	t.Flush()
	if p.Sandbox != nil {
		fmt.Fprintln(&b, "sandbox of workers:", sandboxText(p.Sandbox))
	}
	enginesText(&b, p)
	fmt.Fprintln(&b, p.Audit.text())
	for _, n := range p.Notes {
		fmt.Fprintln(&b, n)
	}
	return b.String()
}
