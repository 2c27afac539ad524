package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulkhead/abi"
	"bulkhead/host/keys"
)

// A Publisher is who may sign which plugins, in the operator's words. The zero value may sign nothing.
type Publisher struct {
	Name      string
	Keys      []*keys.Public
	Threshold int        // how many distinct keys must sign, from 1 to the number of distinct keys
	MaySign   []string   // publisher/* or publisher/name
	Roles     []abi.Role // of the plugins it may sign
}

// Check returns every problem of the publisher, joined.
func (p *Publisher) Check() error {
	var problems []error
	addf := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if slices.Contains(p.Keys, nil) {
		return errors.New("keys: a key is missing")
	}
	if n := len(p.byID()); n == 0 || n != len(p.Keys) {
		addf("keys: want at least one, and no key twice")
	} else if p.Threshold < 1 || p.Threshold > n {
		addf("threshold: is %d, want 1 to %d, the number of keys", p.Threshold, n)
	}
	if len(p.MaySign) == 0 {
		addf("may_sign: want at least one name or pattern")
	}
	for _, pattern := range p.MaySign {
		if err := checkPattern(pattern); err != nil {
			addf("may_sign: %w", err)
		}
	}
	if len(p.Roles) == 0 {
		addf("roles: want at least one of %v", abi.Roles())
	}
	for _, r := range p.Roles {
		if !r.Valid() {
			addf("roles: there is no role %.40q", r)
		}
	}
	return errors.Join(problems...)
}

func (p *Publisher) byID() map[string]*keys.Public {
	out := map[string]*keys.Public{}
	for _, k := range p.Keys {
		out[k.ID()] = k
	}
	return out
}

func checkPattern(pattern string) error {
	name := pattern
	if prefix, ok := strings.CutSuffix(pattern, "/*"); ok {
		name = prefix + "/x"
	}
	if CheckName(name) != nil {
		return fmt.Errorf("%.200q is neither publisher/name nor publisher/*", pattern)
	}
	return nil
}

// matches reports whether the publisher may sign plugins of this name, a valid one.
func (p *Publisher) matches(name string) bool {
	publisher, _, _ := strings.Cut(name, "/")
	return slices.Contains(p.MaySign, name) || slices.Contains(p.MaySign, publisher+"/*")
}

// authorize finds the one publisher that may sign s and whose keys did, often enough. signers are the ids of keys whose
// signatures verified.
func authorize(publishers []Publisher, d *Descriptor, signers []string) (*Publisher, []string, error) {
	var found *Publisher
	for i := range publishers {
		if !publishers[i].matches(d.Name) {
			continue
		}
		if found != nil {
			return nil, nil, fmt.Errorf("publishers %s and %s may both sign %s: their patterns overlap", found.Name, publishers[i].Name, d.Name)
		}
		found = &publishers[i]
	}
	if found == nil {
		return nil, nil, fmt.Errorf("no publisher may sign %s", d.Name)
	}
	if !slices.Contains(found.Roles, d.Role) {
		return nil, nil, fmt.Errorf("publisher %s may not sign plugins of role %s", found.Name, d.Role)
	}
	ids := found.byID()
	counted := slices.DeleteFunc(slices.Clone(signers), func(id string) bool { return ids[id] == nil })
	if len(counted) < found.Threshold {
		return nil, nil, fmt.Errorf("signed by %d of the %d keys of publisher %s that must sign", len(counted), found.Threshold, found.Name)
	}
	return found, counted, nil
}
