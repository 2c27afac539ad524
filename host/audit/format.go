package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"bulkhead/host/gate"
)

// Entries carry words of clients and plugins. What this file prints has only graphic characters: nothing moves a cursor,
// turns the direction of writing or hides.

// format is one line for one line of the log.
func format(index uint64, r record, bad error, asJSON bool) string {
	switch {
	case asJSON && bad != nil:
		text, _ := json.Marshal(bad.Error()) // a string always encodes
		return fmt.Sprintf("{\"index\":%d,\"bad\":%s}\n", index, gate.EscapeJSON(string(text)))
	case asJSON:
		return fmt.Sprintf("{\"index\":%d,\"hash\":\"%s\",\"entry\":%s}\n", index, r.hash, gate.EscapeJSON(string(r.body)))
	case bad != nil:
		return fmt.Sprintf("%6d BAD LINE: %s\n", index, gate.Escape(bad.Error()))
	}
	e := r.entry
	var b strings.Builder
	fmt.Fprintf(&b, "%6d %s %-7s %-15s %s %s", index, e.Timestamp, word(string(e.Outcome)), word(string(e.Event)), word(e.Actor), word(e.Action))
	for _, f := range []struct{ name, value string }{
		{"resource", e.Resource}, {"call", e.Call}, {"reason", e.Reason}, {"detail", string(e.Detail)},
	} {
		if f.value != "" {
			fmt.Fprintf(&b, " %s=%s", f.name, word(f.value))
		}
	}
	if e.Count != 0 {
		fmt.Fprintf(&b, " count=%d", e.Count)
	}
	if e.Micros != 0 {
		fmt.Fprintf(&b, " took=%s", time.Duration(e.Micros)*time.Microsecond)
	}
	if e.Fuel != 0 {
		fmt.Fprintf(&b, " fuel=%d", e.Fuel)
	}
	return b.String() + "\n"
}

// formatLong is a block of lines for one entry.
func formatLong(index uint64, r record) string {
	e := r.entry
	fields := []struct{ name, value string }{
		{"id", e.ID}, {"timestamp", e.Timestamp}, {"kind", string(e.Kind)}, {"event", string(e.Event)}, {"actor", e.Actor},
		{"action", e.Action}, {"resource", e.Resource}, {"outcome", string(e.Outcome)}, {"reason", e.Reason}, {"call", e.Call},
		{"trace_id", e.TraceID}, {"parent_id", e.Parent}, {"request", e.Request}, {"response", e.Response},
		{"grants", strings.Join(e.Grants, " ")}, {"first", e.First}, {"last", e.Last}, {"detail", string(e.Detail)},
		{"signature", short(e.Signature)}, {"hash", r.hash}, {"previous_hash", e.PreviousHash},
	}
	var b strings.Builder
	fmt.Fprintf(&b, "entry %d\n", index)
	for _, f := range fields {
		if f.value != "" {
			fmt.Fprintf(&b, "  %-14s %s\n", f.name, gate.Escape(f.value))
		}
	}
	if v := e.Verdict; v != nil {
		fmt.Fprintf(&b, "  %-14s %s %s\n", "decision", word(v.Outcome), gate.Escape(v.Reason))
	}
	for _, p := range e.Plugins {
		fmt.Fprintf(&b, "  %-14s %s %s %s\n", "plugin", word(p.Alias), word(p.Digest), gate.Escape(p.Backend))
		if p.Module != "" {
			fmt.Fprintf(&b, "  %-14s %s %s\n", "  its module", word(p.Module), word(p.ModuleDigest))
		}
	}
	for _, w := range e.Workers {
		fmt.Fprintf(&b, "  %-14s %s %s\n", "worker", word(w.Backend), word(w.Digest))
	}
	if e.Count != 0 {
		fmt.Fprintf(&b, "  %-14s %d\n", "count", e.Count)
	}
	if e.Micros != 0 {
		fmt.Fprintf(&b, "  %-14s %s\n", "took", time.Duration(e.Micros)*time.Microsecond)
	}
	if e.Fuel != 0 {
		fmt.Fprintf(&b, "  %-14s %d\n", "fuel", e.Fuel)
	}
	if e.Reported {
		fmt.Fprintf(&b, "  %-14s %s\n", "reported", "the fuel is the word of a worker")
	}
	if e.Development {
		fmt.Fprintf(&b, "  %-14s %s\n", "development", "a host with development keys wrote this")
	}
	return b.String()
}

// short says of a signature that it is there. Whether it holds is Verify's question.
func short(signature string) string {
	if len(signature) <= 16 {
		return signature
	}
	return signature[:16] + "..."
}

// word is s as one word: quoted if it would not be one by itself.
func word(s string) string {
	t := gate.Escape(s)
	if t == "" || strings.ContainsAny(t, " \"=") {
		return `"` + strings.ReplaceAll(t, `"`, `\"`) + `"`
	}
	return t
}
