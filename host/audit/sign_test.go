package audit

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// signature is an entry's bytes without its signature, and that.
func signature(t *testing.T, entry string) (body, sig []byte) {
	t.Helper()
	body, sig, err := checkpoint.WithoutSignature([]byte(entry))
	if err != nil {
		t.Fatal(err)
	}
	return body, sig
}

func TestEntriesOfChosenEventsAreSigned(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, func(c *Config) { c.SignEach = []string{"key.*", "plugin.load", "call.result"} })
	v := testSigner(t).Verifier()
	events := map[gate.Event]bool{
		gate.KeyUse: true, gate.KeyRotate: true, gate.PluginLoad: true, gate.CallResult: true, gate.AuditOff: true,
		gate.PluginRefuse: false, gate.HostStart: false, gate.AuditOn: false, "keys.use": false,
	}
	for event := range events {
		e := note("x")
		e.Event, e.Signature = event, base64.StdEncoding.EncodeToString(make([]byte, 3373)) // a caller's own is no signature
		if event == gate.CallResult {
			e.Kind = gate.KindResult
		}
		r := mustAppend(t, l, e)
		if event == gate.CallResult {
			checkProof(t, r)
		}
	}
	mustClose(t, l)
	mustClose(t, openIn(t, dir))
	h := read(t, dir)
	for i, e := range h.entries {
		body, sig := signature(t, h.bodies[i])
		if (sig != nil) != events[e.Event] || (e.Signature != "") != events[e.Event] {
			t.Errorf("%s: signature %.20q", e.Event, e.Signature)
			continue
		}
		if sig == nil {
			continue
		}
		if err := v.Entry(body, sig); err != nil || !strings.HasSuffix(h.bodies[i], `,"signature":"`+e.Signature+`"}`) {
			t.Errorf("%s: %v", e.Event, err)
		}
		var without gate.Entry
		if err := json.Unmarshal(body, &without); err != nil || without.ID != e.ID || without.Signature != "" {
			t.Errorf("%s: what is signed: %s", e.Event, body)
		}
		if v.Entry([]byte(strings.Replace(string(body), `"x"`, `"y"`, 1)), sig) == nil {
			t.Errorf("%s: the signature is of every entry", e.Event)
		}
	}
	if len(h.entries) != len(events) {
		t.Errorf("%d entries", len(h.entries))
	}
}

// The signature counts towards the entry's size.
func TestAnEntryTooLargeWithItsSignatureIsRefused(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir, func(c *Config) { c.SignEach = []string{"key.*"} })
	e := note("x")
	e.Reason = strings.Repeat("r", MaxEntry-2000)
	mustAppend(t, l, e)
	e.Event = gate.KeyUse
	if _, err := l.Append(ctx, e); !errors.Is(err, ErrTooLarge) {
		t.Errorf("append: %v", err)
	}
	e.Reason = strings.Repeat("r", MaxEntry-6000)
	mustAppend(t, l, e)
	mustClose(t, l)
	mustClose(t, openIn(t, dir))
	if h := read(t, dir); h.size() != 2 {
		t.Errorf("%d entries", h.size())
	}
}
