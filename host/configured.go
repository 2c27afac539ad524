package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"bulkhead/host/gate"
	"bulkhead/host/manifest"
)

// A configured is what a host starts with: the detail of config.load, and of audit.off. The next start compares.
type configured struct {
	Manifest string            `json:"manifest"` // digest of host.toml
	Device   string            `json:"device"`   // digest of device.toml
	Serial   int64             `json:"serial"`
	Keys     map[string]string `json:"keys"` // ids, by what they are for: evidence, sign/KEY-ID, publisher/NAME
	Audit    auditSettings     `json:"audit"`
}

// auditSettings is [audit] with its defaults.
type auditSettings struct {
	Level     string   `json:"level"`
	Except    []string `json:"except,omitempty"`
	SignEach  []string `json:"sign_each,omitempty"`
	Retention string   `json:"retention"`
	Exported  []string `json:"exported,omitempty"`
	Segment   string   `json:"segment"`
	Origin    string   `json:"origin,omitempty"`
}

// configured is what s starts with.
func (s *system) configured() configured {
	return configured{Manifest: s.Digest, Device: s.Device.Digest, Serial: s.Serial, Keys: s.keyIDs, Audit: settingsOf(s.Audit)}
}

func settingsOf(a manifest.Audit) auditSettings {
	return auditSettings{a.Level.String(), a.Except, a.SignEach, manifest.FormatRetention(a.Retention), a.Exported, manifest.FormatSegment(a.Segment), a.Origin}
}

// auditOff is said wherever somebody may look.
const auditOff = `THE LOG IS OFF ([audit] level = "off"): nothing that happens is recorded, and no result has a receipt`

// text is one line for people.
func (a auditSettings) text() string {
	if a.Level == gate.Off.String() {
		return auditOff
	}
	out := fmt.Sprintf("log: level %s, kept %s", a.Level, kept(a.Retention))
	if a.Exported != nil {
		out += " and until exported past " + strings.Join(a.Exported, " ")
	}
	if a.Except != nil {
		out += ", without " + strings.Join(a.Except, " ")
	}
	if a.SignEach != nil {
		out += ", one by one signed " + strings.Join(a.SignEach, " ")
	}
	return out
}

// kept is a retention in words.
func kept(retention string) string {
	return either(retention == manifest.FormatRetention(0), "for ever", retention)
}

// A configChange is the detail of config.change.
type configChange struct {
	Old configFiles `json:"old"`
	New configFiles `json:"new"`
}

type configFiles struct {
	Manifest string `json:"manifest"`
	Device   string `json:"device"`
	Serial   int64  `json:"serial"`
}

func (c configured) files() configFiles { return configFiles{c.Manifest, c.Device, c.Serial} }

// A keyChange is the detail of key.rotate. An id is empty where there was, or is, no key.
type keyChange struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// An auditChange is the detail of audit.change and audit.on.
type auditChange struct {
	Old auditSettings `json:"old"`
	New auditSettings `json:"new"`
}

// An occurrence is an entry that is still to be written.
type occurrence struct {
	event            gate.Event
	resource, reason string
	detail           any
}

// since lists what is to be said about a start with c. Turned off, the log says that alone, and once.
func (c configured) since(past history, device string) (out []occurrence) {
	old, off, forgotten := past.config, gate.Off.String(), ""
	if old == nil && past.started {
		forgotten = "nobody knows what the start before was with: its entry is gone"
	}
	wasOff := old != nil && old.Audit.Level == off
	switch {
	case c.Audit.Level == off && wasOff:
		return nil
	case c.Audit.Level == off:
		return []occurrence{{gate.AuditOff, device, "from here on nothing is recorded", c}}
	case wasOff:
		out = append(out, occurrence{gate.AuditOn, device, "until here nothing was recorded", auditChange{old.Audit, c.Audit}})
	case old != nil && !reflect.DeepEqual(old.Audit, c.Audit):
		out = append(out, occurrence{gate.AuditChange, device, "", auditChange{old.Audit, c.Audit}})
	}
	out = append(out, occurrence{gate.ConfigLoad, device, forgotten, c})
	if old == nil {
		return out
	}
	return append(out, c.changes(old, device)...)
}

// changes lists what of files and keys is not as it was.
func (c configured) changes(old *configured, device string) (out []occurrence) {
	if old.files() != c.files() {
		out = append(out, occurrence{gate.ConfigChange, device, changedFiles(old.files(), c.files()), configChange{old.files(), c.files()}})
	}
	for _, name := range slices.Sorted(maps.Keys(union(old.Keys, c.Keys))) {
		if k := (keyChange{old.Keys[name], c.Keys[name]}); k.Old != k.New {
			out = append(out, occurrence{gate.KeyRotate, name, "", k})
		}
	}
	return out
}

func changedFiles(old, now configFiles) string {
	var out []string
	for _, f := range []struct {
		name    string
		changed bool
	}{{"manifest", old.Manifest != now.Manifest}, {manifest.DeviceFile, old.Device != now.Device}, {"serial", old.Serial != now.Serial}} {
		if f.changed {
			out = append(out, f.name)
		}
	}
	return strings.Join(out, ", ")
}

func union(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, b)
	return out
}
