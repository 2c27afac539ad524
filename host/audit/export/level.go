package export

import "bulkhead/host/gate"

// A level is a severity of syslog: the smaller the worse (RFC 5424, table 2).
type level int

const (
	critical level = 2
	failed   level = 3
	warning  level = 4
	notice   level = 5
	informed level = 6
)

// levelOf says how much an operator should care. What did not succeed is at least a warning.
func levelOf(e *Entry) level {
	l := eventLevel(e.Event)
	if e.Outcome != gate.Success {
		l = min(l, warning)
	}
	return l
}

func eventLevel(event gate.Event) level {
	switch event {
	case gate.AuditFull, gate.AuditOff:
		return critical
	case gate.PluginRefuse, gate.PluginQuarantine, gate.AuditRecover:
		return failed
	case gate.AuthFailure, gate.CallRefusal, gate.CacheReject, gate.ClockJump, gate.QuotaExceed, gate.AuditChange:
		return warning
	case gate.PluginAccept, gate.ConfigChange, gate.AuditPrune, gate.AuditOn, gate.HostStart, gate.HostStop:
		return notice
	}
	if event.Class() == "key" {
		return notice
	}
	return informed
}

// cef is the level from 0 to 10, the worst.
func (l level) cef() int { return 14 - 2*int(l) }
