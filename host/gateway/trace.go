package gateway

import (
	"strings"

	"bulkhead/host/gate"
)

// A trace is where a request stands in its caller's distributed trace (W3C trace context). The zero value is nowhere.
//
// Where both the header and params._meta name one, _meta wins: it is the caller's own word, while a header belongs to the
// connection and whatever stands in its way. Whether the caller samples means nothing to a log that keeps everything, and
// the vendors' tracestate is not kept: it is words of any kind.
type trace struct {
	id     string // 32 lower-case hex digits, not all zeros
	parent string // the caller's span, 16 of the same kind
}

// parseTrace reads a traceparent, version "-" trace-id "-" parent-id "-" flags, and returns the zero value for one that is
// invalid. Version ff does not exist; version 00 ends after the flags; of a later one only this beginning is known, which a
// further "-" ends (W3C trace context, sections 3.2.2 and 3.2.4).
func parseTrace(parent string) trace {
	const length = 55
	if len(parent) < length || parent[2] != '-' || parent[35] != '-' || parent[52] != '-' {
		return trace{}
	}
	version, t := parent[:2], trace{parent[3:35], parent[36:52]}
	switch {
	case !isHex(version), !isHex(t.id), !isHex(t.parent), !isHex(parent[53:length]):
		return trace{}
	case version == "ff", isZero(t.id), isZero(t.parent):
		return trace{}
	case len(parent) > length && (version == "00" || parent[length] != '-'):
		return trace{}
	}
	return t
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

func isZero(s string) bool { return strings.Trim(s, "0") == "" }

// mark puts the call into the trace, if it is one.
func (t trace) mark(c *gate.Call) {
	if t.id != "" {
		c.Trace, c.Parent = t.id, t.parent
	}
}
