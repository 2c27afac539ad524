package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"bulkhead/abi"
	"bulkhead/sdk"
)

const (
	maxRules = 256
	maxTable = 16 // members of a rule's claims and arguments
)

// A settings is the operator's config as written.
type settings struct {
	UTCOffset string         `json:"utc_offset"`
	Rules     []ruleSettings `json:"rules"`
}

// ruleSettings says who, what and on what always, and the rest where it matters. A nil list is none, an empty one an
// error: it could be read as anything or as nothing.
type ruleSettings struct {
	Name       string                `json:"name"`
	Effect     string                `json:"effect"`
	Principals []string              `json:"principals"`
	Actions    []string              `json:"actions"`
	Resources  []string              `json:"resources"`
	Plugins    []string              `json:"plugins"`
	Claims     map[string][]string   `json:"claims"`
	Arguments  map[string]constraint `json:"arguments"`
	Devices    []string              `json:"devices"`
	Zones      []string              `json:"zones"`
	Transports []string              `json:"transports"`
	Hours      string                `json:"hours"`
	Days       []string              `json:"days"`
}

func configure(config []byte) (*policy, error) {
	var s settings
	if err := sdk.Decode(config, &s); err != nil {
		return nil, fmt.Errorf("decoding config: %w", err)
	}
	if len(s.Rules) == 0 || len(s.Rules) > maxRules {
		return nil, fmt.Errorf("rules: %d where 1 to %d belong; without a rule everything is denied", len(s.Rules), maxRules)
	}
	p := &policy{}
	var err error
	if p.offset, err = parseOffset(s.UTCOffset); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for i, rs := range s.Rules {
		if !goodName(rs.Name) || names[rs.Name] {
			return nil, fmt.Errorf("rules[%d]: name %.64q is not one of its own made of a-z, 0-9, _, . and -", i, rs.Name)
		}
		names[rs.Name] = true
		if err := p.add(rs); err != nil {
			return nil, fmt.Errorf("rule %s: %w", rs.Name, err)
		}
	}
	return p, nil
}

func goodName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func (p *policy) add(s ruleSettings) error {
	conditions, err := s.conditions()
	if err != nil {
		return err
	}
	r := rule{name: s.Name, conditions: conditions}
	switch s.Effect {
	case string(abi.Allow):
		p.allow = append(p.allow, r)
	case string(abi.Deny):
		p.deny = append(p.deny, r)
	default:
		return fmt.Errorf("effect: %.16q is neither allow nor deny", s.Effect)
	}
	return nil
}

func (s ruleSettings) conditions() (all []condition, err error) {
	add := func(c condition, e error) {
		all = append(all, c)
		err = errors.Join(err, e)
	}
	for _, l := range s.lists() {
		if l.required || l.patterns != nil {
			add(patterns(l.on, l.patterns, l.of))
		}
	}
	err = errors.Join(err, checkTable("claims", s.Claims), checkTable("arguments", s.Arguments))
	for _, name := range slices.Sorted(maps.Keys(s.Claims)) {
		add(claim(name, s.Claims[name]))
	}
	if s.Hours != "" {
		add(hours(s.Hours))
	}
	if s.Days != nil {
		add(days(s.Days))
	}
	for _, at := range slices.Sorted(maps.Keys(s.Arguments)) {
		add(argument(at, s.Arguments[at]))
	}
	return all, err
}

func checkTable[V any](name string, table map[string]V) error {
	if table != nil && len(table) == 0 || len(table) > maxTable {
		return fmt.Errorf("%s: %d members where 1 to %d belong", name, len(table), maxTable)
	}
	return nil
}

// A list is a member of a rule that holds patterns, and what they are held against.
type list struct {
	on       string
	required bool
	patterns []string
	of       func(*facts) string
}

func (s ruleSettings) lists() []list {
	return []list{
		{"principals", true, s.Principals, func(f *facts) string { return f.request.Principal.ID }},
		{"actions", true, s.Actions, func(f *facts) string { return f.request.Action }},
		{"resources", true, s.Resources, func(f *facts) string { return f.request.Resource }},
		{"plugins", false, s.Plugins, func(f *facts) string { return f.request.Plugin }},
		{"devices", false, s.Devices, func(f *facts) string { return f.request.Device.Name }},
		{"zones", false, s.Zones, func(f *facts) string { return f.request.Device.Zone }},
		{"transports", false, s.Transports, func(f *facts) string { return f.request.Transport }},
	}
}
