package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/manifest"
)

// newAged is a host whose log begins with entries of 100 days ago.
func newAged(t *testing.T, a manifest.Audit) *running {
	t.Helper()
	dir := t.TempDir()
	if _, err := keys.Create(dir, "audit", keys.Audit, true); err != nil {
		t.Fatal(err)
	}
	key, err := keys.ReadAudit(filepath.Join(dir, "audit"+keys.PrivateSuffix))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := checkpoint.NewSigner("test", key)
	if err != nil {
		t.Fatal(err)
	}
	h := &running{
		sys:    &system{Manifest: &manifest.Manifest{Path: "/etc/host.toml", State: dir, Device: manifest.Device{Name: "press-7"}, Audit: a}},
		logger: slog.New(slog.DiscardHandler), said: time.Now(),
	}
	open := func(now func() time.Time) {
		if h.log, err = audit.Open(audit.Config{Dir: filepath.Join(dir, audit.FolderName), Signer: signer, Now: now, SegmentSize: 64 << 10}); err != nil {
			t.Fatal(err)
		}
		h.selected, h.clocks = h.sys.selected(h.log)
	}
	open(func() time.Time { return time.Now().Add(-100 * 24 * time.Hour) })
	for range 600 {
		if err := h.sys.note(t.Context(), h.log, gate.PluginAccept, "acme/x", strings.Repeat("x", 300), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.log.Close(); err != nil {
		t.Fatal(err)
	}
	open(nil)
	t.Cleanup(func() { h.log.Close() })
	return h
}

func (h *running) oldest(t *testing.T) uint64 {
	t.Helper()
	index, _, err := h.log.Oldest()
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// once is what a start does.
func (h *running) once() {
	tick := make(chan time.Time)
	h.retain(tick)
	tick <- time.Now() // the first pruning is over
	h.retention.close()
}

func TestRetentionPrunes(t *testing.T) {
	h := newAged(t, manifest.Audit{Level: gate.Standard, Retention: manifest.DefaultRetention})
	ten := 10 * 24 * time.Hour
	if err := h.prune(t.Context(), time.Now().Add(-11*24*time.Hour)); err != nil || h.oldest(t) != 0 {
		t.Fatalf("pruned before its time: %v, oldest %d", err, h.oldest(t))
	}
	h.clocks.advanced.Store(true)
	h.once()
	if h.oldest(t) != 0 {
		t.Fatalf("pruned by a clock that has jumped: oldest %d", h.oldest(t))
	}
	h.clocks.advanced.Store(false)
	h.once()
	if h.oldest(t) == 0 {
		t.Error("nothing was pruned")
	}
	size := h.log.Head().Size
	if err := h.prune(t.Context(), time.Now().Add(ten)); err != nil || h.log.Head().Size != size {
		t.Errorf("pruned twice: %v, %d entries were %d", err, h.log.Head().Size, size)
	}
	entries := entriesOf(t, filepath.Join(h.sys.State, audit.FolderName))
	if !slices.ContainsFunc(entries, func(e gate.Entry) bool { return e.Event == gate.AuditPrune }) {
		t.Error("no entry says so")
	}
}

// A log that is kept for ever, or is off, is left as it is.
func TestRetentionForEver(t *testing.T) {
	for _, a := range []manifest.Audit{{Level: gate.Standard}, {Level: gate.Off, Retention: manifest.DefaultRetention}} {
		h := newAged(t, a)
		h.retain(nil)
		if h.retention != nil {
			t.Errorf("%+v: something prunes", a)
		}
		h.retention.close()
	}
}

// What the host started with is said again before pruning could reach it.
func TestRetentionRemembersTheStart(t *testing.T) {
	h := newAged(t, manifest.Audit{Level: gate.Standard, Retention: 2 * 24 * time.Hour})
	count := func() (n int) {
		for _, e := range entriesOf(t, filepath.Join(h.sys.State, audit.FolderName)) {
			if e.Event == gate.ConfigLoad {
				n++
			}
		}
		return n
	}
	now := time.Now()
	for _, step := range []struct{ hours, want int }{{0, 0}, {23, 0}, {24, 1}, {47, 1}, {48, 2}} {
		if err := h.prune(t.Context(), now.Add(time.Duration(step.hours)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := count(); got != step.want {
			t.Errorf("after %d hours: said %d times, want %d", step.hours, got, step.want)
		}
	}
	past, err := readHistory(h.log.Latest)
	if err != nil || past.config == nil || past.config.Audit.Retention != "2d" {
		t.Errorf("%+v, %v", past, err)
	}
}

// What has not been exported stays, as long as the cursor says so or is missing.
func TestRetentionWaitsForExports(t *testing.T) {
	h := newAged(t, manifest.Audit{Level: gate.Standard, Retention: manifest.DefaultRetention, Exported: []string{"siem.cursor"}})
	h.sys.Dir = h.sys.State
	if err := h.prune(t.Context(), time.Now()); !errors.Is(err, os.ErrNotExist) || h.oldest(t) != 0 {
		t.Fatalf("pruned without the cursor: %v, oldest %d", err, h.oldest(t))
	}
}
