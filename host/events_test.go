package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/host/gate"
)

// loads are the entries of a start's plugins.
var loads = slices.Repeat([]gate.Event{gate.PluginLoad}, 4)

// started is what a start without anything new has in the log, after what is new.
func started(before ...gate.Event) []gate.Event {
	return slices.Concat(before, []gate.Event{gate.HostStart}, loads, []gate.Event{gate.HostStop})
}

func TestEventsOfAFirstStart(t *testing.T) {
	d := newDevice(t)
	d.run()
	got := d.expect("first start", slices.Concat([]gate.Event{gate.ConfigLoad, gate.HostStart, gate.KeyCreate, gate.KeyCreate}, loads, []gate.Event{gate.HostStop})...)
	c := detail[configured](t, got[gate.ConfigLoad])
	for _, key := range []string{"evidence", "audit", "sign/report-key"} {
		if len(c.Keys[key]) != 64 {
			t.Errorf("keys %v", c.Keys)
		}
	}
	text, err := os.ReadFile(d.path("host.toml"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if c.Manifest != hex.EncodeToString(sum[:]) || c.Serial != 1 || c.Audit.Level != "standard" || c.Audit.Retention != "90d" {
		t.Errorf("%+v", c)
	}
	if e := got[gate.HostStart]; e.Reason != "" || len(e.Plugins) != 4 {
		t.Errorf("%+v", e)
	}
	if e := got[gate.KeyCreate]; e.Resource != "root" {
		t.Errorf("%+v", e)
	}
	e := got[gate.PluginLoad]
	l := detail[loadDetail](t, e)
	if e.Resource != "inspect" || len(e.Plugins) != 1 || len(e.Plugins[0].Digest) != 64 || l.Name != "bulkhead/inspect" || l.Version == "" || l.Publisher == "" ||
		len(l.Signers) != 1 || l.Backend != "wazero" || l.Memory == "" || l.Timeout == "" || l.Fuel == "" || l.Instances == 0 || len(l.Granted) == 0 {
		t.Errorf("%+v %+v", e, l)
	}
	d.run()
	d.expect("second start", started(gate.ConfigLoad)...)
}

func TestEventsOfChanges(t *testing.T) {
	d := usedDevice(t)

	d.edit("host.toml", "serial = 1", "serial = 2")
	d.run()
	change := detail[configChange](t, d.expect("serial", started(gate.ConfigLoad, gate.ConfigChange)...)[gate.ConfigChange])
	if change.Old.Serial != 1 || change.New.Serial != 2 || change.Old.Manifest == change.New.Manifest || change.Old.Device != change.New.Device {
		t.Errorf("%+v", change)
	}

	d.edit("device.toml", "zone", "# moved\nzone")
	d.run()
	if e := d.expect("device", started(gate.ConfigLoad, gate.ConfigChange)...)[gate.ConfigChange]; e.Reason != "device.toml" {
		t.Errorf("%+v", e)
	}

	if err := errors.Join(os.Remove(d.path("keys/device/report-key.key")), os.Remove(d.path("keys/device/report-key.pub")),
		host("key", "new", "report-key", "--purpose", "sign", "--folder", d.path("keys/device"), "--development")); err != nil {
		t.Fatal(err)
	}
	d.run()
	e := d.expect("another key", started(gate.ConfigLoad, gate.KeyRotate)...)[gate.KeyRotate]
	if k := detail[keyChange](t, e); e.Resource != "sign/report-key" || len(k.Old) != 64 || len(k.New) != 64 || k.Old == k.New {
		t.Errorf("%+v %+v", e, k)
	}

	d.edit("host.toml", "[pipeline]", "[audit]\nlevel = \"minimal\"\nretention = \"30d\"\n\n[pipeline]")
	d.run()
	a := detail[auditChange](t, d.expect("settings of the log", gate.AuditChange, gate.ConfigLoad, gate.ConfigChange, gate.HostStart, gate.HostStop)[gate.AuditChange])
	if a.Old.Level != "standard" || a.New.Level != "minimal" || a.Old.Retention != "90d" || a.New.Retention != "30d" {
		t.Errorf("%+v", a)
	}
}

func TestEventsOfTurningTheLogOff(t *testing.T) {
	d := usedDevice(t)
	d.edit("host.toml", "[pipeline]", "[audit]\nlevel = \"off\"\n\n[pipeline]")
	for range 2 { // the second time there is nothing to say
		h, err := d.start()
		if err != nil {
			t.Fatal(err)
		}
		if gate.Wants(h.selected, gate.CallRefusal) {
			t.Error("the log that is off wants entries")
		}
		d.stop(h)
	}
	off := d.expect("off", gate.AuditOff)[gate.AuditOff]
	if c := detail[configured](t, off); c.Audit.Level != "off" || len(c.Keys) == 0 {
		t.Errorf("%+v", c)
	}
	d.edit("host.toml", "\"off\"", "\"detailed\"")
	d.run()
	on := d.expect("on", started(gate.AuditOn, gate.ConfigLoad, gate.ConfigChange)...)[gate.AuditOn]
	if a := detail[auditChange](t, on); a.Old.Level != "off" || a.New.Level != "detailed" {
		t.Errorf("%+v", a)
	}
}

// Whatever a start is refused for, the log says so before the host ends, and the next start is none the worse.
func TestEventsOfRefusals(t *testing.T) {
	d := newDevice(t)
	wasm, err := os.ReadFile(d.path("bundles/inspect/plugin.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	// Before the very first start.
	if err := os.WriteFile(d.path("bundles/inspect/plugin.wasm"), append(slices.Clone(wasm), 0), 0o600); err != nil {
		t.Fatal(err)
	}
	d.refused(exitRefused)
	e := d.expect("a module that was changed", gate.KeyCreate, gate.PluginRefuse)[gate.PluginRefuse]
	if e.Resource != "inspect" || e.Outcome != gate.Failure || !strings.Contains(e.Reason, "plugin.wasm") || e.Plugins != nil || e.Detail != nil {
		t.Errorf("%+v", e)
	}
	if err := os.WriteFile(d.path("bundles/inspect/plugin.wasm"), wasm, 0o600); err != nil {
		t.Fatal(err)
	}
	d.run()
	d.news()

	// A grant that nobody asked for.
	d.edit("host.toml", "grant.audit ", "# grant.audit ")
	d.refused(exitUsage)
	if e := d.expect("an import that is not granted", gate.PluginRefuse)[gate.PluginRefuse]; !strings.Contains(e.Reason, "audit, which is not granted") {
		t.Errorf("%+v", e)
	}
	d.edit("host.toml", "# grant.audit ", "grant.audit ")

	// What the floor remembers.
	d.edit("host.toml", "serial = 1", "serial = 3")
	d.run()
	d.news()
	d.edit("host.toml", "serial = 3", "serial = 2")
	d.refused(exitRefused)
	if e := d.expect("an older manifest", gate.PluginRefuse)[gate.PluginRefuse]; !strings.Contains(e.Reason, "serial 2 is lower than 3") {
		t.Errorf("%+v", e)
	}
	d.edit("host.toml", "serial = 2", "serial = 3")

	// A plugin that cannot load within its limits.
	d.edit("host.toml", aMemory(t, d), `memory    = "64KiB"`)
	h, err := d.start()
	if err == nil {
		d.stop(h)
		t.Fatal("a plugin started in 64 KiB")
	}
	got := d.expect("a plugin without room", gate.ConfigLoad, gate.ConfigChange, gate.HostStart, gate.PluginRefuse, gate.HostStop)
	if e := got[gate.PluginRefuse]; e.Resource != "inspect" || e.Reason == "" {
		t.Errorf("%+v", e)
	}
	if e := got[gate.HostStop]; e.Reason != "the start failed" {
		t.Errorf("%+v", e)
	}
}

// aMemory is the line of the manifest that limits the memory of inspect.
func aMemory(t *testing.T, d *device) string {
	t.Helper()
	text, err := os.ReadFile(d.path("host.toml"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "[plugin.inspect]")
	for line := range strings.Lines(block) {
		if strings.HasPrefix(line, "memory") && strings.Count(string(text), strings.TrimSpace(line)) == 1 {
			return strings.TrimSpace(line)
		}
	}
	t.Fatal("inspect has no memory of its own")
	return ""
}

func TestEventsOfAcceptance(t *testing.T) {
	d := usedDevice(t)
	if err := os.Remove(d.path("state/floor.json")); err != nil {
		t.Fatal(err)
	}
	d.refused(exitRefused)
	if e := d.expect("no floor", gate.PluginRefuse)[gate.PluginRefuse]; !strings.Contains(e.Reason, "floor is lost") {
		t.Errorf("%+v", e)
	}
	if err := host("check", "--accept", "-m", d.path("host.toml")); err != nil {
		t.Fatal(err)
	}
	if e := d.expect("accepted", gate.PluginAccept)[gate.PluginAccept]; e.Reason != "the floor was lost" {
		t.Errorf("%+v", e)
	}
	d.run()
}

// A run that did not stop is told of by the next.
func TestEventsAfterACrash(t *testing.T) {
	d := usedDevice(t)
	d.crash(time.Now, gate.HostStart)
	d.news()
	d.run()
	if e := d.expect("after a crash", started(gate.ConfigLoad)...)[gate.HostStart]; !strings.Contains(e.Reason, "ended without a stop") {
		t.Errorf("%+v", e)
	}
	d.run()
	if e := d.expect("after a stop", started(gate.ConfigLoad)...)[gate.HostStart]; e.Reason != "" {
		t.Errorf("%+v", e)
	}
}

func TestEventsOfAClockThatLiesBehind(t *testing.T) {
	d := usedDevice(t)
	d.crash(func() time.Time { return time.Now().Add(time.Hour) }, gate.HostStop)
	d.news()
	d.run()
	j := detail[clockJump](t, d.expect("a clock behind the log", started(gate.ClockJump, gate.ConfigLoad)...)[gate.ClockJump])
	if j.Delta > -3500 || j.Delta < -3601 {
		t.Errorf("%+v", j)
	}
}

func TestEventsOfTheCodeCache(t *testing.T) {
	d := usedDevice(t)
	files, err := filepath.Glob(d.path("state/cache/*"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%q, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	d.run()
	var rejected []gate.Entry
	for _, e := range d.news() {
		if e.Event == gate.CacheReject {
			rejected = append(rejected, e)
		}
	}
	if len(rejected) != 1 || rejected[0].Outcome != gate.Failure || len(rejected[0].Plugins) != 1 {
		t.Errorf("%+v", rejected)
	}
}

// A plugin whose workers are killed again and again serves nobody for a while, and the log says so.
func TestEventsOfAQuarantine(t *testing.T) {
	d := usedDevice(t)
	h, err := d.start()
	if err != nil {
		t.Fatal(err)
	}
	defer d.stop(h)
	d.news()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if idle(h) { // one that dies while it starts is not replaced before somebody calls
			killWorkers(t)
		}
		if i := slices.IndexFunc(d.news(), func(e gate.Entry) bool { return e.Event == gate.PluginQuarantine }); i >= 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no quarantine")
		}
	}
	all := entriesIn(t, d.path("state"))
	i := slices.IndexFunc(all, func(e gate.Entry) bool { return e.Event == gate.PluginQuarantine })
	e := all[i]
	q := detail[quarantineDetail](t, e)
	if e.Resource == "" || e.Reason == "" || e.Outcome != gate.Failure || len(e.Plugins) != 1 || q.Deaths < 3 {
		t.Errorf("%+v %+v", e, q)
	}
	if _, err := time.Parse(time.RFC3339, q.Until); err != nil {
		t.Error(err)
	}
}

// idle reports whether every plugin has a worker.
func idle(h *running) bool {
	return !slices.ContainsFunc(h.sys.plugins, func(p *plugin) bool { return h.loader.moduleStatus(p.Alias).Idle == 0 })
}

// killWorkers kills the workers of this process.
func killWorkers(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it is gone
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		_, rest, _ := strings.Cut(string(data), ") ")
		if f := strings.Fields(rest); err == nil && len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
}
