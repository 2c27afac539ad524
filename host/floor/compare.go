package floor

import (
	"fmt"
	"slices"
	"strings"
)

// A Change is one thing that stands between a set and the floor.
type Change struct {
	Plugin     string // signed name; "" for the manifest itself
	What       string // in words
	Acceptable bool   // an operator may accept it; otherwise it is older than the floor, for good
}

// String names the plugin, or the manifest.
func (c Change) String() string {
	if c.Plugin == "" {
		return "manifest: " + c.What
	}
	return c.Plugin + ": " + c.What
}

// A Refusal lists everything for which a set is refused.
type Refusal struct{ Changes []Change }

// Error has one line for each change, and a hint if accepting would help.
func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString("refused by what this host ran before:")
	acceptable := true
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "\n  %s", c)
		acceptable = acceptable && c.Acceptable
	}
	if acceptable {
		b.WriteString("\nhint: look at the changes, then accept them with `bin/host check --accept`")
	}
	return b.String()
}

// compare returns everything that stands against want, in its order.
func (f *Floor) compare(want Set) ([]Change, error) {
	if want.Serial < 1 || want.Serial >= maxNumber {
		return nil, fmt.Errorf("comparing with floor: serial %d is not between 1 and 2^53", want.Serial)
	}
	var changes []Change
	if want.Serial < f.serial {
		changes = append(changes, Change{What: fmt.Sprintf("serial %d is lower than %d", want.Serial, f.serial)})
	}
	seen := map[string]Plugin{}
	for _, p := range want.Plugins {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("comparing with floor: %w", err)
		}
		if q, ok := seen[p.Name]; ok {
			if !p.equal(q) {
				changes = append(changes, Change{Plugin: p.Name, What: "two different bundles of one name"})
			}
			continue
		}
		seen[p.Name] = p
		if old, ok := f.plugins[p.Name]; ok {
			changes = append(changes, old.against(p)...)
		}
	}
	return changes, nil
}

// against returns what stands between p, remembered, and q, wanted.
func (p Plugin) against(q Plugin) []Change {
	var out []Change
	add := func(acceptable bool, format string, a ...any) {
		out = append(out, Change{Plugin: q.Name, What: fmt.Sprintf(format, a...), Acceptable: acceptable})
	}
	switch order := compareVersions(q.Version, p.Version); {
	case order < 0:
		add(false, "version %s is lower than %s", q.Version, p.Version)
	case order == 0 && q.Digest != p.Digest:
		add(true, "version %s has digest %.12s, it had %.12s", q.Version, q.Digest, p.Digest)
	}
	if q.Epoch < p.Epoch {
		add(false, "security epoch %d is lower than %d", q.Epoch, p.Epoch)
	}
	if q.Tools != p.Tools {
		add(true, "tool definitions changed")
	}
	var wider []string
	for _, r := range q.normal().Requests {
		if !slices.Contains(p.Requests, r) {
			wider = append(wider, r)
		}
	}
	if wider != nil {
		add(true, "asks for more than before: %s", strings.Join(wider, ", "))
	}
	return out
}
