package main

import (
	"bulkhead/abi"
	"bulkhead/sdk"
)

// A policy is the config, understood. Rules keep the order of the config.
type policy struct {
	deny, allow []rule
	offset      offset
}

// decide asks the denying rules first, then the allowing ones, and else denies.
func (p *policy) decide(q abi.PolicyRequest) abi.PolicyAnswer {
	if q.Phase != abi.PhaseBefore && q.Phase != abi.PhaseAfter {
		return sdk.Deny("phase %.32q is unknown", q.Phase)
	}
	f := &facts{request: q, moment: p.offset.moment(q)}
	for _, r := range p.deny {
		switch applies, open := r.applies(f); applies {
		case yes:
			return sdk.Deny("rule %s denies", r.name)
		case unknown:
			return sdk.Deny("rule %s denies, as its condition on %s can't be judged", r.name, open)
		}
	}
	hint := ""
	for _, r := range p.allow {
		switch applies, open := r.applies(f); applies {
		case yes:
			return sdk.Allow("rule %s allows", r.name)
		case unknown:
			hint = "; rule " + r.name + " would, but its condition on " + open + " can't be judged"
		}
	}
	return sdk.Deny("no rule allows%s", hint)
}

// facts are what conditions look at.
type facts struct {
	request abi.PolicyRequest
	moment  moment
}

// A rule applies where all its conditions hold.
type rule struct {
	name       string
	conditions []condition
}

type condition struct {
	on    string // for the reason
	holds func(*facts) truth
}

// applies returns whether the rule does, and if that is unknown, what could not be judged first.
func (r rule) applies(f *facts) (result truth, open string) {
	result = yes
	for _, c := range r.conditions {
		switch c.holds(f) {
		case no:
			return no, ""
		case unknown:
			if result == yes {
				result, open = unknown, c.on
			}
		}
	}
	return result, open
}
