// Package floor remembers the newest of what a host has run, so that nothing older runs again.
//
// Kept are the manifest's serial and, per plugin name, version, security epoch, digest, tool definitions and requests.
// Whoever can restore the whole state directory can lower the floor with it; only a TPM's counter sees that.
package floor

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// A Store keeps small files; host/state has one. Write MUST be atomic and durable when it returns nil, and Read MUST
// return an error that is os.ErrNotExist for a file that was never written.
type Store interface {
	Read(name string, limit int64) ([]byte, error)
	Write(name string, data []byte) error
}

// Config says where the floor is kept.
type Config struct {
	Store Store // required
	// MAC authenticates bytes under the host's state key. nil: the file is not authenticated, and one that is, is
	// refused. With a MAC an unauthenticated file is ErrPlain.
	MAC func([]byte) []byte
	// TakePlain takes an unauthenticated file all the same; Plain reports it, and the next Raise authenticates it. An
	// operator must have said so: whoever can write the file can have taken its MAC off.
	TakePlain bool
}

// A Plugin is what the floor remembers of one, as its verified bundle says it.
type Plugin struct {
	Name     string   // signed name
	Version  string   // semantic version
	Epoch    uint64   // security epoch, below 2^53
	Digest   string   // hex SHA-256 of the signed payload
	Tools    string   // hex SHA-256 of the tool definitions
	Requests []string // what it asks for: "log", "sign:report", "infer:digits", "wasi"; order and repetition do not count
}

// A Set is what is to be loaded: the manifest's serial and every plugin.
type Set struct {
	Serial  int64 // from 1, below 2^53
	Plugins []Plugin
}

// A Floor is the newest set that was raised to. It is not safe for concurrent use.
type Floor struct {
	config  Config
	serial  int64
	plugins map[string]Plugin
	fresh   bool
	plain   bool
}

// Fresh reports whether there was no floor yet when Open looked: a first start, or a lost file.
func (f *Floor) Fresh() bool { return f.fresh }

// Plain reports whether the floor was taken from a file that is not authenticated, although this host authenticates its own.
func (f *Floor) Plain() bool { return f.plain }

// Check compares want with the floor and changes nothing. A *Refusal says what is older than it was, and never passes;
// or what changed so that somebody has to look: another digest under the same version, other tool definitions, wider
// requests. With accept those pass, and are returned, for the log.
func (f *Floor) Check(want Set, accept bool) ([]Change, error) {
	changes, err := f.compare(want)
	if err != nil {
		return nil, err
	}
	final := func(c Change) bool { return !c.Acceptable }
	if len(changes) > 0 && (!accept || slices.ContainsFunc(changes, final)) {
		return nil, &Refusal{Changes: changes}
	}
	return changes, nil
}

// Raise does what Check does, then makes want the floor. It MUST be called before anything of want is loaded; the new
// floor is durable when Raise returns nil. Plugins that want does not have keep their floor.
func (f *Floor) Raise(want Set, accept bool) ([]Change, error) {
	changes, err := f.Check(want, accept)
	if err != nil {
		return nil, err
	}
	next := &Floor{config: f.config, serial: want.Serial, plugins: maps.Clone(f.plugins)}
	for _, p := range want.Plugins {
		next.plugins[p.Name] = p.normal()
	}
	if !f.fresh && !f.plain && next.equal(f) {
		return changes, nil
	}
	if err := next.save(); err != nil {
		return nil, fmt.Errorf("raising floor: %w", err)
	}
	*f = *next
	return changes, nil
}

func (f *Floor) equal(g *Floor) bool {
	return f.serial == g.serial && maps.EqualFunc(f.plugins, g.plugins, Plugin.equal)
}

func (p Plugin) equal(q Plugin) bool {
	same := slices.Equal(p.normal().Requests, q.normal().Requests)
	p.Requests, q.Requests = nil, nil
	return same && p.Name == q.Name && p.Version == q.Version && p.Epoch == q.Epoch && p.Digest == q.Digest && p.Tools == q.Tools
}

// normal returns p with its requests sorted and each named once.
func (p Plugin) normal() Plugin {
	p.Requests = slices.Compact(slices.Sorted(slices.Values(p.Requests)))
	if p.Requests == nil {
		p.Requests = []string{}
	}
	return p
}

// check refuses what could not be remembered or compared.
func (p Plugin) check() error {
	hex := regexp.MustCompile(`^[0-9a-f]{64}$`)
	if _, err := parseVersion(p.Version); err != nil {
		return fmt.Errorf("plugin %q: %w", p.Name, err)
	}
	if p.Name == "" || p.Epoch >= maxNumber || !hex.MatchString(p.Digest) || !hex.MatchString(p.Tools) {
		return fmt.Errorf("plugin %q: name, security epoch or a digest is malformed", p.Name)
	}
	return nil
}

// maxNumber keeps serial and epochs where every JSON reader is exact, and far from where they could not rise.
const maxNumber = 1 << 53
