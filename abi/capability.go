package abi

import "strings"

// A Capability is a host function that a plugin must be granted, or Progress, which every plugin has.
type Capability uint8

// The capabilities of ABI v1. Their names are those of the import functions.
const (
	Log Capability = iota
	Audit
	Sign
	Attest
	Infer
	Progress // always linked; not grantable
)

var capabilityName = [...]string{"log", "audit", "sign", "attest", "infer", "progress"}

// String is the name of the import function, "unknown" for a number outside ABI v1.
func (c Capability) String() string {
	if int(c) < len(capabilityName) {
		return capabilityName[c]
	}
	return "unknown"
}

// ParseCapability finds a grantable capability by its exact name.
func ParseCapability(name string) (Capability, bool) {
	for c := Log; c <= Infer; c++ {
		if capabilityName[c] == name {
			return c, true
		}
	}
	return 0, false
}

// Grants is a set of capabilities. The zero value grants nothing.
type Grants uint8

// GrantsOf returns the set of cs. Progress is no member of any set.
func GrantsOf(cs ...Capability) Grants {
	var g Grants
	for _, c := range cs {
		if c <= Infer {
			g |= 1 << c
		}
	}
	return g
}

// Has reports whether c may be linked: granted, or Progress.
func (g Grants) Has(c Capability) bool { return c == Progress || c <= Infer && g&(1<<c) != 0 }

// List returns the members in the order of the constants.
func (g Grants) List() []Capability {
	var out []Capability
	for c := Log; c <= Infer; c++ {
		if g.Has(c) {
			out = append(out, c)
		}
	}
	return out
}

// String joins the members' names with commas; "none" for the empty set.
func (g Grants) String() string {
	var names []string
	for _, c := range g.List() {
		names = append(names, c.String())
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ",")
}

// Allowed returns the capabilities that a plugin of this role may be granted at all: auth log; policy log, audit and
// infer; tool all five; model log; any other role none.
func (r Role) Allowed() Grants {
	switch r {
	case RoleAuth, RoleModel:
		return GrantsOf(Log)
	case RolePolicy:
		return GrantsOf(Log, Audit, Infer)
	case RoleTool:
		return GrantsOf(Log, Audit, Sign, Attest, Infer)
	}
	return 0
}

// MayKeepState reports whether a plugin of this role may be stateful: tools and models. Who a caller is and what they may do
// never depends on who asked before.
func (r Role) MayKeepState() bool { return r == RoleTool || r == RoleModel }
