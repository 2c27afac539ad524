package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"bulkhead/host/audit"
	"bulkhead/host/gate"
)

// A device is a folder like the quickstart's in which a host starts again and again.
type device struct {
	t    *testing.T
	dir  string
	seen int // entries of the log that earlier steps have looked at
}

// newDevice is one on which nothing has run.
func newDevice(t *testing.T) *device {
	t.Helper()
	from, err := quickstart()
	if err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, dir: filepath.Join(t.TempDir(), "q")}
	if err := copyQuickstart(from, d.dir, "0"); err != nil {
		t.Fatal(err)
	}
	return d
}

// usedDevice is one on which a host has started and stopped: a copy of the same one for all tests, whose plugins need not be
// compiled again.
func usedDevice(t *testing.T) *device {
	t.Helper()
	from, err := used()
	if err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, dir: filepath.Join(t.TempDir(), "q")}
	if out, err := exec.Command("cp", "-a", from, d.dir).CombinedOutput(); err != nil { // modes and all
		t.Fatalf("%v: %s", err, out)
	}
	d.news()
	return d
}

var used = sync.OnceValues(func() (string, error) {
	from, err := quickstart()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "used")
	if err != nil {
		return "", err
	}
	d := &device{dir: filepath.Join(dir, "q")}
	if err := copyQuickstart(from, d.dir, "0"); err != nil {
		return "", err
	}
	h, err := d.start()
	if err != nil {
		return "", err
	}
	return d.dir, errors.Join(h.close(context.Background()), h.sys.close())
})

func (d *device) path(name string) string { return filepath.Join(d.dir, name) }

// edit replaces text that stands once in a file.
func (d *device) edit(name, old, now string) {
	d.t.Helper()
	data, err := os.ReadFile(d.path(name))
	if err != nil || strings.Count(string(data), old) != 1 {
		d.t.Fatalf("%q stands %d times in %s, %v", old, strings.Count(string(data), old), name, err)
	}
	if err := os.WriteFile(d.path(name), []byte(strings.Replace(string(data), old, now, 1)), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// start starts a host as `host run` does, nil and the error if it refuses.
func (d *device) start() (*running, error) {
	sys, publishers, err := readTrust(d.path("host.toml"))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := sys.readPlugins(publishers); err != nil {
		return nil, errors.Join(err, sys.refuse(ctx, err), sys.close())
	}
	h, err := start(ctx, sys, slog.New(slog.DiscardHandler), func(*plugin, time.Duration) {})
	if err != nil {
		return nil, errors.Join(err, sys.close())
	}
	return h, nil
}

func (d *device) stop(h *running) {
	d.t.Helper()
	if err := errors.Join(h.close(context.Background()), h.sys.close()); err != nil {
		d.t.Fatal(err)
	}
}

// run starts a host and stops it.
func (d *device) run() {
	d.t.Helper()
	h, err := d.start()
	if err != nil {
		d.t.Fatal(err)
	}
	d.stop(h)
}

// refused wants a start to fail with this exit code.
func (d *device) refused(want int) {
	d.t.Helper()
	h, err := d.start()
	if err == nil {
		d.stop(h)
	}
	if err == nil || code(err) != want {
		d.t.Fatalf("the start ends with %v", err)
	}
}

// news returns the entries since the last time, each of an event with members that the catalogue knows.
func (d *device) news() []gate.Entry {
	d.t.Helper()
	all := entriesIn(d.t, d.path("state"))
	out := all[d.seen:]
	d.seen = len(all)
	for _, e := range out {
		for _, wrong := range against(e) {
			d.t.Error(wrong)
		}
	}
	return out
}

// against says what of an entry the catalogue does not have.
func against(e gate.Entry) (wrong []string) {
	r, known := gate.Find(e.Event)
	if !known || !slices.Contains(r.Kinds, e.Kind) {
		wrong = append(wrong, fmt.Sprintf("no event %s of kind %s", e.Event, e.Kind))
	}
	var members map[string]any
	text, err := json.Marshal(e)
	if err := errors.Join(err, json.Unmarshal(text, &members)); err != nil {
		return append(wrong, err.Error())
	}
	allowed := slices.Concat(gate.Always(), gate.Common(), r.Members)
	for m := range maps.Keys(members) {
		if !slices.Contains(allowed, m) {
			wrong = append(wrong, fmt.Sprintf("%s has the member %s", e.Event, m))
		}
	}
	own := e.Kind == gate.KindHost && e.Actor == "system/host"
	if own && e.Action != strings.Replace(string(e.Event), ".", "/", 1) {
		wrong = append(wrong, fmt.Sprintf("%s has the action %s", e.Event, e.Action))
	}
	return wrong
}

// conformsCommand is "conforms STATE": every entry of the log there is one that the catalogue describes.
func conformsCommand(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := readEntries(filepath.Join(ts.MkAbs(args[0]), audit.FolderName))
	ts.Check(err)
	for i, e := range entries {
		if wrong := against(e); wrong != nil {
			ts.Fatalf("entry %d: %s", i, strings.Join(wrong, "; "))
		}
	}
}

// expect wants the news to be of exactly these events, and returns the last one of each.
func (d *device) expect(what string, events ...gate.Event) map[gate.Event]gate.Entry {
	d.t.Helper()
	out := map[gate.Event]gate.Entry{}
	var got []gate.Event
	for _, e := range d.news() {
		got = append(got, e.Event)
		out[e.Event] = e
	}
	if !slices.Equal(got, events) {
		d.t.Fatalf("%s: the log says %q, want %q", what, got, events)
	}
	return out
}

// detail decodes an entry's.
func detail[T any](t *testing.T, e gate.Entry) (v T) {
	t.Helper()
	if err := json.Unmarshal(e.Detail, &v); err != nil {
		t.Fatalf("%s: %s: %v", e.Event, e.Detail, err)
	}
	return v
}

// crash leaves an entry in the log as a host does that ends without a word.
func (d *device) crash(now func() time.Time, event gate.Event) {
	d.t.Helper()
	sys, _, err := readTrust(d.path("host.toml"))
	if err != nil {
		d.t.Fatal(err)
	}
	signer, err := sys.signer()
	if err != nil {
		d.t.Fatal(err)
	}
	log, err := audit.Open(audit.Config{Dir: sys.logFolder(), Signer: signer, Now: now})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := errors.Join(sys.note(context.Background(), log, event, "press-7", "", nil), log.Close()); err != nil {
		d.t.Fatal(err)
	}
}
