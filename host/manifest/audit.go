package manifest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bulkhead/host/gate"
)

// Audit is how much of what happens the log records, how, and for how long.
type Audit struct {
	Level     gate.Level
	Except    []string      // events, or "class.*", that are left out; none is mandatory, each would be recorded otherwise
	SignEach  []string      // events, or "class.*", whose entries are signed one by one; each is recorded
	Retention time.Duration // after which segments may go, whole days; 0: never
	Exported  []string      // cursors of exports, in the manifest's folder: nothing is pruned that one has not passed
	Segment   uint64        // bytes after which a new segment begins
	Origin    string        // of the log's checkpoints; "": made of the device's name and the key's id
}

// Defaults and bounds of [audit].
const (
	DefaultLevel     = gate.Standard
	DefaultRetention = 90 * day
	DefaultSegment   = 8 << 20
	MinRetention     = day
	MaxRetention     = 10000 * day
	MinSegment       = 64 << 10
	MaxSegment       = 1 << 30

	day     = 24 * time.Hour
	forever = "forever"
)

// ParseRetention reads a time in whole days such as "90d", from MinRetention to MaxRetention, or "forever", which is 0.
func ParseRetention(s string) (time.Duration, error) {
	if s == forever {
		return 0, nil
	}
	days, err := retentions().parse(s)
	return time.Duration(days) * day, err
}

// FormatRetention is what ParseRetention reads as d, which is cut to whole days.
func FormatRetention(d time.Duration) string {
	if d == 0 {
		return forever
	}
	return retentions().format(uint64(d / day))
}

// ParseSegment reads a size such as "8MiB", from MinSegment to MaxSegment, in bytes.
func ParseSegment(s string) (uint64, error) { return segments().parse(s) }

// FormatSegment is what ParseSegment reads as n.
func FormatSegment(n uint64) string { return segments().format(n) }

func retentions() quantity {
	return quantity{"number of days", []unit{{"d", 1}}, uint64(MinRetention / day), uint64(MaxRetention / day)}
}

func segments() quantity { return quantity{"size", memories().units, MinSegment, MaxSegment} }

// selector takes an event, or the class of some.
func selector(v any) string {
	s := v.(string)
	if len(gate.Matching(s)) > 0 {
		return ""
	}
	var known []string
	for _, r := range gate.Catalogue() {
		known = append(known, string(r.Event))
	}
	return fmt.Sprintf("%s is no event and no CLASS.*; events are %s", quote(s), strings.Join(known, ", "))
}

// originLine is a name as a signed note and the first line of a checkpoint take it (c2sp.org/signed-note).
func originLine(v any) string {
	return matches(v, `^[!-*,-~]{1,255}$`, "1 to 255 printable ASCII characters without spaces and +")
}

// newAudit reads what is the default where it is missing. Under a level that is wrong, nothing else is.
func newAudit(v values) Audit {
	a := Audit{Except: v.texts("except"), SignEach: v.texts("sign_each"), Exported: v.texts("exported"), Origin: v.text("origin", "")}
	var err error
	if a.Level, err = gate.ParseLevel(v.text("level", DefaultLevel.String())); err != nil {
		a.Level = gate.Detailed
	}
	a.Retention, _ = ParseRetention(v.text("retention", FormatRetention(DefaultRetention)))
	a.Segment, _ = ParseSegment(v.text("segment", FormatSegment(DefaultSegment)))
	return a
}

// checkAudit reports what cannot be left out, and what has no effect: a selection that selects nothing is a mistake.
func checkAudit(m *Manifest, d document) {
	at := keyPath{"audit"}
	if m.Audit.Level == gate.Off {
		for _, key := range []string{"except", "sign_each", "retention", "exported"} {
			if _, ok := d.values.table("audit")[key]; ok {
				d.add(at.add(key), "take it out, or choose a level", "has no effect with level = %q", gate.Off)
			}
		}
		return
	}
	if m.Audit.Retention == 0 && m.Audit.Exported != nil {
		d.add(at.add("exported"), "take it out", "has no effect: nothing is ever pruned")
	}
	for i, pattern := range m.Audit.Except {
		checkExcept(m.Audit.Level, pattern, at.add("except").index(i), d.report)
	}
	for i, pattern := range m.Audit.SignEach {
		recorded := func(r gate.Record) bool { return m.Audit.records(r) }
		if all := gate.Matching(pattern); len(all) > 0 && !slices.ContainsFunc(all, recorded) {
			d.add(at.add("sign_each").index(i), "take it out", "has no effect: with this level and except, %s is not recorded", quote(pattern))
		}
	}
}

func checkExcept(l gate.Level, pattern string, at keyPath, r *report) {
	all := gate.Matching(pattern)
	var must []string
	for _, e := range all {
		if e.Mandatory {
			must = append(must, string(e.Event))
		}
	}
	switch {
	case len(must) > 0:
		r.add(at, "take it out: bin/host audit events says which events can be left out", "leaves out %s, which every log has", strings.Join(must, ", "))
	case len(all) > 0 && !slices.ContainsFunc(all, func(e gate.Record) bool { return e.From <= l }):
		r.add(at, "take it out", "has no effect: level %q does not record %s anyway", l, quote(pattern))
	}
}

// records reports whether the log has entries of an event.
func (a Audit) records(r gate.Record) bool {
	return r.Mandatory || r.From <= a.Level && !slices.ContainsFunc(a.Except, r.Event.Is)
}
