package export

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A field is one of an entry's, by the name that the entry itself has for it. CEF has names of its own.
type field struct{ name, cef, value string }

// fields are all of an entry's, always in this order; what the entry does not have is "".
func (e *Entry) fields() []field {
	var decision, decisionReason string
	if e.Verdict != nil {
		decision, decisionReason = e.Verdict.Outcome, e.Verdict.Reason
	}
	return []field{
		{"index", "bulkheadIndex", strconv.FormatUint(e.Index, 10)},
		{"hash", "bulkheadHash", e.Hash},
		{"id", "externalId", e.ID},
		{"timestamp", "bulkheadTimestamp", e.Timestamp},
		{"event", "bulkheadEvent", string(e.Event)},
		{"kind", "cat", string(e.Kind)},
		{"outcome", "outcome", string(e.Outcome)},
		{"actor", "suser", e.Actor},
		{"action", "act", e.Action},
		{"resource", "bulkheadResource", e.Resource},
		{"reason", "reason", e.Reason},
		{"call", "bulkheadCall", e.Call},
		{"trace_id", "bulkheadTraceId", e.TraceID},
		{"parent_id", "bulkheadParentId", e.Parent},
		{"previous_hash", "bulkheadPreviousHash", e.PreviousHash},
		{"request", "bulkheadRequest", e.Request},
		{"response", "bulkheadResponse", e.Response},
		{"decision", "bulkheadDecision", decision},
		{"decision_reason", "bulkheadDecisionReason", decisionReason},
		{"grants", "bulkheadGrants", list(e.Grants)},
		{"plugins", "bulkheadPlugins", list(e.Plugins)},
		{"workers", "bulkheadWorkers", list(e.Workers)},
		{"micros", "bulkheadMicros", number(e.Micros)},
		{"fuel", "bulkheadFuel", number(e.Fuel)},
		{"reported", "bulkheadReported", flag(e.Reported)},
		{"count", "cnt", number(e.Count)},
		{"first", "bulkheadFirst", e.First},
		{"last", "bulkheadLast", e.Last},
		{"detail", "bulkheadDetail", string(e.Detail)},
		{"development", "bulkheadDevelopment", flag(e.Development)},
		{"signature", "bulkheadSignature", e.Signature},
	}
}

// list is JSON, "" if there is nothing in it.
func list[T any](items []T) string {
	if len(items) == 0 {
		return ""
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(items); err != nil {
		return "" // strings always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func number[T int64 | uint64](n T) string {
	if n == 0 {
		return ""
	}
	if n < 0 {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatUint(uint64(n), 10)
}

func flag(set bool) string {
	if set {
		return "true"
	}
	return ""
}
