package gate

import (
	"slices"
	"strings"
)

// A Record is what the catalogue says of one event.
type Record struct {
	Event     Event
	From      Level // the lowest that records it
	Mandatory bool  // no selection leaves it out; From is then Minimal
	Kinds     []Kind
	Text      string   // what it means, one line
	Members   []string // what its entries may have beside the members that all have, in the order of Entry
}

// Always are the members that every entry has. Common may stand in any.
func Always() []string {
	return []string{"id", "timestamp", "actor", "action", "resource", "outcome", "trace_id", "previous_hash", "kind", "event"}
}

// Common are the members that any entry may have: the mark of development keys, and the signature of an entry that is
// signed by itself.
func Common() []string { return []string{"development", "signature"} }

// MemberLevel is the lowest level at which an entry has the member.
func MemberLevel(member string) Level {
	switch member {
	case "decision", "grants", "micros", "fuel", "reported":
		return Standard
	case "parent_id":
		return Detailed
	}
	return Minimal
}

// At returns the members that r's entries may have at a level, beside those of Always and Common, in the order of Entry.
func (r Record) At(l Level) (out []string) {
	for _, m := range r.Members {
		if MemberLevel(m) <= l {
			out = append(out, m)
		}
	}
	return out
}

// Find returns the record of an event.
func Find(e Event) (Record, bool) {
	all := Catalogue()
	i := slices.IndexFunc(all, func(r Record) bool { return r.Event == e })
	if i < 0 {
		return Record{}, false
	}
	return all[i], true
}

// Matching returns the records that a pattern means: an event, or "class.*".
func Matching(pattern string) (out []Record) {
	for _, r := range Catalogue() {
		if r.Event.Is(pattern) {
			out = append(out, r)
		}
	}
	return out
}

// Catalogue returns every event, in the order of the page that documents them.
func Catalogue() []Record {
	const (
		asked   = "call parent_id reason plugins request"
		result  = "call parent_id reason plugins request response decision grants micros fuel reported"
		using   = "call parent_id reason plugins detail"
		host    = "reason detail"
		counted = "reason count first last"
	)
	must := func(e Event, members, text string, kinds ...Kind) Record {
		return Record{e, Minimal, true, kinds, text, strings.Fields(members)}
	}
	may := func(e Event, from Level, members, text string, kinds ...Kind) Record {
		return Record{e, from, false, kinds, text, strings.Fields(members)}
	}
	return []Record{
		must(HostStart, "reason plugins workers", "the host starts with these plugins, verified and not loaded yet; reason says if the run before did not stop", KindHost),
		must(HostStop, "reason plugins workers", "the host has ended all calls and stops, or its start failed", KindHost),
		must(HostAdmin, result, "an administrator looks at the host over its control socket (one entry), or acts on it (decision and result)", KindHost, KindDecision, KindResult),
		must(ConfigLoad, host, "what the host started with, at start and again before pruning would forget it: digests of manifest and device.toml, serial, keys, settings of the log", KindHost),
		must(ConfigChange, host, "manifest, device.toml or serial are not those of the start before", KindHost),
		may(PluginLoad, Standard, "plugins detail", "a plugin is verified, loaded and self-tested, within these limits", KindHost),
		must(PluginRefuse, "reason", "a start failed: something that was to be loaded is not what it has to be", KindHost),
		must(PluginAccept, "reason", "an operator accepted what the floor would have refused", KindHost),
		must(PluginQuarantine, "reason plugins detail", "the workers of a plugin died too often: its calls are refused for a while", KindHost),
		must(KeyCreate, "reason", "the host made a key", KindHost),
		must(KeyUse, using, "a plugin had something signed in one of its slots", KindCapability),
		must(KeyRotate, "detail", "a key is another than at the start before, is new, or is gone", KindHost),
		may(AuthSuccess, Standard, "call parent_id plugins", "the auth plugin found out who a caller is; a caller who is remembered is not asked again", KindHost),
		must(AuthFailure, counted, "callers who are nobody, counted: prefix of the address, class, first and last time", KindStrangers),
		must(CallDecision, asked, "a known caller may make the call, which has not begun yet", KindDecision),
		must(CallRefusal, asked, "a known caller may not make the call, and nothing ran", KindDecision),
		must(CallResult, result, "how an allowed call ended, whatever ended it", KindResult),
		must(CapabilityAttest, using, "a plugin had evidence made", KindCapability),
		may(CapabilityInfer, Detailed, "call parent_id reason plugins", "a plugin asked a model", KindCapability),
		must(CapabilityAudit, using, "a plugin's own words, in detail and nowhere else", KindCapability),
		may(QuotaExceed, Standard, "reason plugins count first last", "a plugin wanted more of a capability than it may have, counted", KindCapability),
		may(CacheReject, Minimal, "reason plugins", "compiled code from the disk was not what this host had written", KindHost),
		must(ClockJump, host, "the wall clock moved against the monotonic clock, or starts before the last entry", KindHost),
		must(AuditRotate, host, "a new segment begins; in detail the calls that are open", KindHost),
		must(AuditPrune, host, "the oldest segments are deleted; in detail what proves what they held", KindHost),
		must(AuditRecover, host, "what a crash left behind the last good entry was cut and kept aside", KindHost),
		must(AuditFull, host, "there is no more room: the log has stopped, and the host with it", KindHost),
		must(AuditChange, host, "level, selection, signing or retention are not those of the start before", KindHost),
		must(AuditOff, host, "the last entry: from here on nothing is recorded", KindHost),
		must(AuditOn, host, "recording begins again", KindHost),
	}
}
