package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/keys"
)

// oldLog returns the manifest of a host that does not run, with a log of entries of some ages.
func oldLog(t *testing.T, entries int, ages ...time.Duration) (path string) {
	t.Helper()
	from, err := quickstart()
	must(t, err)
	dir := filepath.Join(t.TempDir(), "q")
	must(t, copyQuickstart(from, dir, "8080"))
	path = filepath.Join(dir, "host.toml")
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, append(text, "\n[audit]\nretention = \"30d\"\nsegment = \"64KiB\"\n"...), 0o600))
	m := &logMaker{t: t, folder: dir, device: "quickstart"}
	_, err = keys.Create(filepath.Join(dir, "keys", "device"), "audit", keys.Audit, true)
	must(t, err)
	m.key, err = keys.ReadAudit(filepath.Join(dir, "keys", "device", "audit.key"))
	must(t, err)
	m.public, err = m.key.Public().File()
	must(t, err)
	for _, age := range ages {
		m.now = time.Now().Add(-age)
		m.write("state", entries, "old")
	}
	return path
}

const days = 24 * time.Hour

func TestPrune(t *testing.T) {
	path := oldLog(t, 600, 100*days, 50*days, time.Hour)
	state := filepath.Join(filepath.Dir(path), "state")
	for _, args := range [][]string{{"--older-than", "29d"}, {"--older-than", "1h"}, {"--older-than", "forever"}, {"--exported", "missing"}} {
		if code, _, errOut := hostCommand("", append([]string{"audit", "prune", "-m", path}, args...)...); code == 0 {
			t.Errorf("%v: %s", args, errOut)
		}
	}
	prune := func(args ...string) string {
		t.Helper()
		code, out, errOut := hostCommand("", append([]string{"audit", "prune", "-m", path}, args...)...)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, errOut)
		}
		return out
	}
	before := segments(t, state)
	if out := prune("--dry-run"); !strings.Contains(out, "entries 0 to ") || !strings.Contains(out, "would go") {
		t.Error(out)
	}
	if out := prune("--older-than", "200d"); out != "nothing went\n" {
		t.Error(out)
	}
	if len(segments(t, state)) < len(before) {
		t.Fatal("a segment went too early")
	}
	if out := prune("--older-than", "80d"); !strings.Contains(out, "entries 0 to 511 are gone: 2 segments") {
		t.Error(out)
	}
	if out := prune(); !strings.Contains(out, "entries 512 to ") {
		t.Error(out)
	}
	if code, out, errOut := hostCommand("", "audit", "verify", state, "--key", filepath.Join(state, audit.FolderName, audit.PublicName)); code != 0 || !strings.Contains(out, "pruned: ") {
		t.Errorf("%d: %s%s", code, out, errOut)
	}
}

func segments(t *testing.T, state string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(state, audit.FolderName, "*.log"))
	must(t, err)
	return all
}

// Nothing goes that a cursor has not passed, and cursors of other logs are none.
func TestPruneWaitsForExports(t *testing.T) {
	path := oldLog(t, 1000, 100*days)
	dir := filepath.Dir(path)
	cursor, done, other := filepath.Join(dir, "c1"), filepath.Join(dir, "c2"), filepath.Join(dir, "c3")
	run := func(args ...string) (int, string) {
		code, out, errOut := hostCommand("", args...)
		return code, out + errOut
	}
	export := func(state, cursor, until string) {
		t.Helper()
		if code, out := run("audit", "export", state, "--cursor", cursor, "-o", cursor+".jsonl", "--until", until); code != 0 {
			t.Fatal(out)
		}
	}
	export(filepath.Join(dir, "state"), cursor, "300")
	export(filepath.Join(dir, "state"), done, "1000")
	m := newLogMaker(t)
	export(m.write("state", 1000, "x"), other, "900")
	prune := []string{"audit", "prune", "-m", path, "--exported", done, "--exported"}
	if code, out := run(append(prune, other)...); code != exitRefused {
		t.Errorf("with a cursor of another log: %d, %s", code, out)
	}
	if code, out := run(append(prune, cursor)...); code != exitFailure || !strings.Contains(out, "entries 0 to 255 are gone") || !strings.Contains(out, "not exported yet") {
		t.Errorf("%d, %s", code, out)
	}
	export(filepath.Join(dir, "state"), cursor, "1000")
	if code, out := run(append(prune, cursor)...); code != exitOK || !strings.Contains(out, "entries 256 to ") {
		t.Errorf("%d, %s", code, out)
	}
	cut := filepath.Join(dir, "c4")
	must(t, os.WriteFile(cut, []byte(`{"origin":"`+checkpoint.Origin(m.device, m.key.Public())+`","index":3,"hash":"00"}`), 0o600))
	if code, out := run(append(prune, cut)...); code != exitRefused {
		t.Errorf("%d, %s", code, out)
	}
}

// What the manifest's exports have not passed stays, whoever prunes; without the cursor everything does.
func TestPruneWaitsForTheManifestsExports(t *testing.T) {
	path := oldLog(t, 600, 100*days)
	dir := filepath.Dir(path)
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, append(text, "exported = [\"siem.cursor\"]\n"...), 0o600))
	prune := []string{"audit", "prune", "-m", path}
	if code, out, errOut := hostCommand("", prune...); code != exitUsage || len(segments(t, filepath.Join(dir, "state"))) < 3 {
		t.Errorf("without the cursor: %d, %s%s", code, out, errOut)
	}
	if code, _, errOut := hostCommand("", "audit", "export", filepath.Join(dir, "state"), "--cursor", filepath.Join(dir, "siem.cursor"), "-o", filepath.Join(dir, "out"), "--until", "300"); code != 0 {
		t.Fatal(errOut)
	}
	if code, out, errOut := hostCommand("", prune...); code != exitFailure || !strings.Contains(out, "entries 0 to 255 are gone") {
		t.Errorf("%d, %s%s", code, out, errOut)
	}
}

func TestPruneOrder(t *testing.T) {
	five := uint64(5)
	for _, o := range []pruneOrder{{before: time.Unix(1_800_000_000, 0)}, {time.Unix(1_800_000_000, 0), &five}} {
		got, err := parsePruneOrder(o.String())
		if err != nil || !got.before.Equal(o.before) || (got.keep == nil) != (o.keep == nil) {
			t.Errorf("%s: %v, %v", o, got, err)
		}
	}
	for _, bad := range []string{"", "x", "2026-01-01T00:00:00Z keep", "2026-01-01T00:00:00Z keep 5 ", "2026-01-01T00:00:00Z keep -1", "2026-01-01T00:00:00Z keep 05", "2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00.5Z", " keep 5"} {
		if o, err := parsePruneOrder(bad); err == nil {
			t.Errorf("%q was taken as %v", bad, o)
		}
	}
}
