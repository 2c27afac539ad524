package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// aStart is what a host started with.
func aStart() configured {
	return configured{
		Manifest: "m", Device: "d", Serial: 7, Keys: map[string]string{"evidence": "1", "sign/report-key": "2", "publisher/acme": "3 4"},
		Audit: auditSettings{Level: "standard", Retention: "90d", Segment: "8MiB"},
	}
}

func TestWhatChangedSinceTheLastStart(t *testing.T) {
	old := aStart()
	for _, tt := range []struct {
		name   string
		change func(now *configured)
		want   string
	}{
		{"nothing", func(*configured) {}, "config.load"},
		{"manifest", func(c *configured) { c.Manifest = "n" }, "config.load config.change:manifest"},
		{"device", func(c *configured) { c.Device = "n" }, "config.load config.change:device.toml"},
		{"serial", func(c *configured) { c.Serial = 8 }, "config.load config.change:serial"},
		{"all of it", func(c *configured) { c.Manifest, c.Device, c.Serial = "n", "n", 8 }, "config.load config.change:manifest, device.toml, serial"},
		{"level", func(c *configured) { c.Audit.Level = "minimal" }, "audit.change config.load"},
		{"selection", func(c *configured) { c.Audit.Except = []string{"auth.success"} }, "audit.change config.load"},
		{"signing", func(c *configured) { c.Audit.SignEach = []string{"key.*"} }, "audit.change config.load"},
		{"retention", func(c *configured) { c.Audit.Retention = "1d" }, "audit.change config.load"},
		{"origin", func(c *configured) { c.Audit.Origin = "x" }, "audit.change config.load"},
		{"a key", func(c *configured) { c.Keys["evidence"] = "9" }, "config.load key.rotate@evidence"},
		{"a publisher's keys", func(c *configured) { c.Keys["publisher/acme"] = "3" }, "config.load key.rotate@publisher/acme"},
		{"a key that is gone and one that is new", func(c *configured) {
			delete(c.Keys, "sign/report-key")
			c.Keys["audit"] = "5"
		}, "config.load key.rotate@audit key.rotate@sign/report-key"},
		{"off", func(c *configured) { c.Audit.Level, c.Serial, c.Keys["evidence"] = "off", 8, "9" }, "audit.off"},
	} {
		now := aStart()
		tt.change(&now)
		if got := told(now.since(history{started: true, config: &old}, "press-7")); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// told is events, with reasons, and resources other than the device.
func told(all []occurrence) string {
	var out []string
	for _, o := range all {
		s := string(o.event)
		if o.event == gate.ConfigChange {
			s += ":" + o.reason
		}
		if o.resource != "press-7" {
			s += "@" + o.resource
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestFirstStartAndTurningOffAndOn(t *testing.T) {
	on, off := aStart(), aStart()
	off.Audit.Level = "off"
	changed := aStart()
	changed.Serial, changed.Audit.Retention = 8, "1d"
	for _, tt := range []struct {
		name string
		old  *configured
		now  configured
		want string
	}{
		{"first start", nil, on, "config.load"},
		{"first start, off", nil, off, "audit.off"},
		{"still off", &off, off, ""},
		{"on again", &off, on, "audit.on config.load"},
		{"on again with other things", &off, changed, "audit.on config.load config.change:serial"},
	} {
		if got := told(tt.now.since(history{started: tt.old != nil, config: tt.old}, "press-7")); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A start whose predecessor's entry is gone says so: it may have been taken away to hide a change.
func TestStartAfterAForgottenOne(t *testing.T) {
	got := aStart().since(history{started: true}, "press-7")
	if told(got) != "config.load" || !strings.Contains(got[0].reason, "nobody knows") {
		t.Errorf("%+v", got)
	}
	if got := aStart().since(history{}, "press-7"); got[0].reason != "" {
		t.Errorf("%+v", got)
	}
}

// What is written is what the next start reads, strictly.
func TestConfiguredIsReadBack(t *testing.T) {
	c := aStart()
	c.Audit.Except, c.Audit.SignEach, c.Audit.Origin = []string{"auth.success"}, []string{"key.*"}, "o"
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back configured
	if err := strictjson.Decode(text, &back); err != nil {
		t.Fatal(err)
	}
	if got := back.since(history{started: true, config: &c}, ""); len(got) != 1 || !maps.Equal(back.Keys, c.Keys) || !slices.Equal(back.Audit.SignEach, c.Audit.SignEach) {
		t.Errorf("%+v became %+v", c, back)
	}
}
