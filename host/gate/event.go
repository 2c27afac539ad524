package gate

import "strings"

// An Event is what an entry says has happened: class.name. Operators choose by event or by class.
type Event string

// The events. Catalogue says what each means.
const (
	HostStart        Event = "host.start"
	HostStop         Event = "host.stop"
	HostAdmin        Event = "host.admin"
	ConfigLoad       Event = "config.load"
	ConfigChange     Event = "config.change"
	PluginLoad       Event = "plugin.load"
	PluginRefuse     Event = "plugin.refuse"
	PluginAccept     Event = "plugin.accept"
	PluginQuarantine Event = "plugin.quarantine"
	KeyCreate        Event = "key.create"
	KeyUse           Event = "key.use"
	KeyRotate        Event = "key.rotate"
	AuthSuccess      Event = "auth.success"
	AuthFailure      Event = "auth.failure"
	CallDecision     Event = "call.decision"
	CallRefusal      Event = "call.refusal"
	CallResult       Event = "call.result"
	CapabilityAttest Event = "capability.attest"
	CapabilityInfer  Event = "capability.infer"
	CapabilityAudit  Event = "capability.audit"
	QuotaExceed      Event = "quota.exceed"
	CacheReject      Event = "cache.reject"
	ClockJump        Event = "clock.jump"
	AuditRotate      Event = "audit.rotate"
	AuditPrune       Event = "audit.prune"
	AuditRecover     Event = "audit.recover"
	AuditFull        Event = "audit.full"
	AuditChange      Event = "audit.change"
	AuditOff         Event = "audit.off"
	AuditOn          Event = "audit.on"
)

// A Chooser is a Log that says which events it wants.
type Chooser interface {
	// Wants reports whether an entry of this event is worth making. It is asked each time, often, and by many at once.
	Wants(e Event) bool
}

// Wants reports whether l wants entries of an event. A Log that is no Chooser wants all of them but capability.infer, of
// which one call may cause thousands.
func Wants(l Log, e Event) bool {
	if c, ok := l.(Chooser); ok {
		return c.Wants(e)
	}
	return e != CapabilityInfer
}

// Class is the part of the name before the dot.
func (e Event) Class() string {
	class, _, _ := strings.Cut(string(e), ".")
	return class
}

// Is reports whether a pattern means e: its name, or "class.*".
func (e Event) Is(pattern string) bool {
	class, all := strings.CutSuffix(pattern, ".*")
	return pattern == string(e) || all && class == e.Class()
}
