package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/host/audit"
	"bulkhead/host/bundle"
	"bulkhead/host/checkpoint"
	"bulkhead/host/control"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/manifest"
	"bulkhead/host/state"
	"bulkhead/runtimes"
)

// reporting is a module that says how it is.
type reporting struct {
	noModule
	how runtimes.Status
}

func (r *reporting) Status() runtimes.Status { return r.how }

// newRunning is a host with an auth, a policy and a tool plugin, on a real log and a real control socket.
func newRunning(t *testing.T) (*running, map[string]*reporting) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	sys := &system{Manifest: &manifest.Manifest{Path: "/etc/host.toml", Serial: 7, Pipeline: manifest.Pipeline{Auth: "auth", Policy: []string{"first", "second"}}}}
	l := &loader{system: sys, modules: map[string]runtimes.Module{}, logger: slog.New(slog.DiscardHandler)}
	modules := map[string]*reporting{}
	for alias, role := range map[string]abi.Role{"auth": abi.RoleAuth, "first": abi.RolePolicy, "second": abi.RolePolicy, "tool": abi.RoleTool} {
		modules[alias] = &reporting{}
		l.modules[alias] = modules[alias]
		sys.plugins = append(sys.plugins, newPlugin(
			manifest.Plugin{Alias: alias, Name: "acme/" + alias, Role: role, Backend: "wazero"},
			&bundle.Bundle{Contents: bundle.Contents{Digest: strings.Repeat("d", 64), Descriptor: bundle.Descriptor{Name: "acme/" + alias, Version: "1.2.3", Role: role}}},
		))
	}
	h := &running{sys: sys, loader: l, logger: l.logger, started: time.Now().Add(-time.Minute)}
	var err error
	if h.dir, err = state.Open(dir); err != nil {
		t.Fatal(err)
	}
	h.log = testLog(t, filepath.Join(dir, audit.FolderName))
	sys.Audit = manifest.Audit{Level: gate.Standard, Except: []string{"cache.*"}, Retention: manifest.DefaultRetention}
	h.selected, h.clocks = sys.selected(h.log)
	l.log, sys.Listen.Audience = h.selected, "bulkhead"
	if h.gate, err = newGate(l, newClock(time.Now, h.log.Time)); err != nil {
		t.Fatal(err)
	}
	if err = h.listenControl(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h, modules
}

func (h *running) ask(t *testing.T, action, resource string) (json.RawMessage, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return control.Ask(ctx, h.dir.Path(), control.Request{Action: action, Resource: resource})
}

// entries returns what the log holds.
func (h *running) entries(t *testing.T) []gate.Entry { return entriesIn(t, h.dir.Path()) }

// entriesIn returns what the log in a state directory holds.
func entriesIn(t *testing.T, dir string) []gate.Entry {
	t.Helper()
	return entriesOf(t, filepath.Join(dir, audit.FolderName))
}

// testLog opens a log under a key of its own.
func testLog(t *testing.T, dir string) *audit.Log {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "keys")
	if _, err := keys.Create(folder, "audit", keys.Audit, true); err != nil {
		t.Fatal(err)
	}
	key, err := keys.ReadAudit(filepath.Join(folder, "audit"+keys.PrivateSuffix))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := checkpoint.NewSigner(checkpoint.Origin("test", key.Public()), key)
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(audit.Config{Dir: dir, Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// entriesOf returns what the log in a folder holds.
func entriesOf(t *testing.T, folder string) []gate.Entry {
	t.Helper()
	out, err := readEntries(folder)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func readEntries(folder string) (out []gate.Entry, err error) {
	segments, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil || len(segments) == 0 {
		return nil, fmt.Errorf("segments %v, %w", segments, err)
	}
	for _, name := range segments {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			if strings.HasPrefix(line, "seal ") {
				continue
			}
			var e gate.Entry
			if err := json.Unmarshal([]byte(line[65:]), &e); err != nil {
				return nil, err
			}
			out = append(out, e)
		}
	}
	return out, nil
}

func TestStatusOverTheSocket(t *testing.T) {
	h, modules := newRunning(t)
	until := time.Now().Add(time.Hour)
	modules["tool"].how = runtimes.Status{
		Instances: 3, Idle: 2, Calls: 40, Replaced: 5, Deaths: 6, Dropped: 7, Panics: 8, Quarantined: until, Reason: "killed by signal 9\x1b[2J",
	}
	answer, err := h.ask(t, "host/status", "")
	if err != nil {
		t.Fatal(err)
	}
	var s hostStatus
	if err := json.Unmarshal(answer, &s); err != nil {
		t.Fatal(err)
	}
	if s.PID != os.Getpid() || s.Uptime < 60 || s.Serial != 7 || s.Manifest != "/etc/host.toml" || s.Listener != "" || !s.Ready || !s.Log.Accepts || s.Log.Size != 1 {
		t.Errorf("%+v", s)
	}
	if l := s.Log; !strings.HasPrefix(l.Origin, "bulkhead/test/") || l.Level != "standard" || len(l.Except) != 1 || l.Retention != "90d" || len(l.Root) != 44 || l.Oldest == nil || l.Oldest.Index != 0 {
		t.Errorf("%+v", l)
	}
	if len(s.Plugins) != 4 {
		t.Fatalf("%+v", s.Plugins)
	}
	for _, p := range s.Plugins {
		want := pluginStatus{Alias: p.Alias, Name: "acme/" + p.Alias, Version: "1.2.3", Digest: strings.Repeat("d", 64), Module: "plugin.wasm", Role: p.Role, Backend: "wazero", Isolation: p.Isolation, Ready: true}
		if p.Alias == "tool" {
			want.Instances, want.Idle, want.Calls, want.Replaced, want.Deaths, want.Dropped, want.Panics = 3, 2, 40, 5, 6, 7, 8
			want.Ready, want.Quarantined, want.Reason = false, until.UTC().Format(time.RFC3339), `killed by signal 9\x1b[2J`
		}
		if p != want {
			t.Errorf("%+v, want %+v", p, want)
		}
	}
	got := h.entries(t)
	if len(got) != 1 || got[0].Actor != "system/uid:"+strconv.Itoa(os.Getuid()) || got[0].Action != "host/status" || got[0].Kind != gate.KindHost {
		t.Errorf("log: %+v", got)
	}
}

func TestAdministrationRefuses(t *testing.T) {
	h, _ := newRunning(t)
	for _, tt := range []struct{ action, resource, want string }{
		{"host/nonsense", "", "no such administrative action"},
		{"tools/call", "label", "no such administrative action"},
		{"host/status", "inspect", "resource"},
	} {
		var no *control.Refusal
		if got, err := h.ask(t, tt.action, tt.resource); !errors.As(err, &no) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %s, %v", tt.action, got, err)
		}
	}
	got := h.entries(t)
	if len(got) != 3 || got[0].Outcome != gate.Failure || got[1].Outcome != gate.Failure {
		t.Errorf("log: %+v", got)
	}
}

// A host that cannot record shows nothing, and is not ready.
func TestStatusNeedsTheLog(t *testing.T) {
	h, _ := newRunning(t)
	if err := os.Truncate(filepath.Join(h.dir.Join(audit.FolderName), "00000000000000000000.log"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ask(t, "host/status", ""); err != nil {
		t.Fatal(err) // the first entry goes into an empty file
	}
	if err := os.Truncate(filepath.Join(h.dir.Join(audit.FolderName), "00000000000000000000.log"), 0); err != nil {
		t.Fatal(err)
	}
	if got, err := h.ask(t, "host/status", ""); err == nil || !strings.Contains(err.Error(), "somebody else changed it") {
		t.Errorf("%s, %v", got, err)
	}
	if s := h.status(); s.Ready || s.Log.Accepts || h.ready() == nil {
		t.Errorf("%+v", s)
	}
}

// The host is as ready as those whom every call must pass. A tool in quarantine is the tool's affair.
func TestReadyFollowsThePipeline(t *testing.T) {
	for alias, ready := range map[string]bool{"auth": false, "first": false, "second": false, "tool": true} {
		h, modules := newRunning(t)
		modules[alias].how = runtimes.Status{Quarantined: time.Now().Add(time.Hour), Reason: "died"}
		if err := h.ready(); (err == nil) != ready {
			t.Errorf("%s in quarantine: %v", alias, err)
		}
		if s := h.status(); s.Ready != ready || (s.Reason == "") != ready {
			t.Errorf("%s in quarantine: %+v", alias, s)
		}
		modules[alias].how.Quarantined = time.Now().Add(-time.Second)
		if err := h.ready(); err != nil {
			t.Errorf("%s after quarantine: %v", alias, err)
		}
	}
}

// Somebody else at the socket steers no terminal.
func TestStatusTextIsEscaped(t *testing.T) {
	const evil = "\x1b]0;x\a\u202e"
	text := statusText(hostStatus{
		Version: evil, Manifest: evil, Listener: evil, Reason: evil, Log: logStatus{Root: evil, Origin: evil, Level: evil, Except: []string{evil}, Retention: evil, Oldest: &oldest{Time: evil}, Published: evil},
		Plugins: []pluginStatus{{Alias: evil, Name: evil, Version: evil, Role: evil, Backend: evil, Isolation: evil, Quarantined: evil, Reason: evil}},
	})
	if strings.ContainsAny(text, "\x1b\a\u202e") {
		t.Errorf("%q", text)
	}
}

// A log that is off is off in every form of the status, and whoever looks leaves no entry.
func TestStatusOfALogThatIsOff(t *testing.T) {
	h, _ := newRunning(t)
	h.sys.Audit.Level = gate.Off
	h.selected, h.clocks = h.sys.selected(h.log)
	h.gate.Log = h.selected
	answer, err := h.ask(t, "host/status", "")
	if err != nil {
		t.Fatal(err)
	}
	var s hostStatus
	if err := json.Unmarshal(answer, &s); err != nil {
		t.Fatal(err)
	}
	if s.Log.Level != "off" || s.Log.Size != 0 || !strings.Contains(statusText(s), auditOff) {
		t.Errorf("%+v\n%s", s.Log, statusText(s))
	}
}

func TestStatusTextOfTheLog(t *testing.T) {
	text := statusText(hostStatus{Log: logStatus{
		Size: 12, Root: "r", Origin: "bulkhead/press-7/00", Level: "standard", Except: []string{"auth.success", "cache.*"}, Retention: "90d",
		Oldest: &oldest{3, "2026-01-02T03:04:05Z"}, Published: "2026-02-03T04:05:06Z",
	}})
	for _, want := range []string{"12 entries, root r, HAS FAILED", "origin bulkhead/press-7/00", "level standard, kept 90d, without auth.success cache.*", "oldest entry 3 of 2026-01-02", "last checkpoint of 2026-02-03"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
