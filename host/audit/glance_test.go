package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/gate"
)

// line is a line without its newline, and its body.
func lineOf(t testing.TB, e gate.Entry) (line, body []byte) {
	t.Helper()
	e.ID, e.Timestamp, e.PreviousHash = "01890a5d-ac96-774b-bcce-b302099a8057", "2026-01-02T03:04:05.000006Z", strings.Repeat("a", 64)
	body, err := newEncoder().encode(&e, nil)
	if err != nil {
		t.Fatal(err)
	}
	line, _ = appendLine(nil, body)
	return line[:len(line)-1], bytes.Clone(body)
}

func TestGlanceSeesWhatDecodingSees(t *testing.T) {
	odd := rich(1)
	odd.Actor, odd.Action, odd.Resource, odd.TraceID = `a"\`, `\\"`, `","previous_hash":"`, nasty
	for _, e := range []gate.Entry{note("x"), rich(1), odd} {
		line, body := lineOf(t, e)
		before := bytes.Clone(line)
		var g glance
		if err := g.take(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !bytes.Equal(line, before) {
			t.Error("the line was changed")
		}
		want, err := parseLine(line)
		if err != nil {
			t.Fatal(err)
		}
		if string(g.hash[:]) != want.hash || string(g.timestamp) != want.entry.Timestamp || string(g.previous) != want.entry.PreviousHash ||
			string(g.event) != string(want.entry.Event) || g.leaf != tlog.RecordHash(body) || !bytes.Equal(g.body, body) {
			t.Errorf("%s: %+v", line, g)
		}
	}
}

func TestGlanceRefuses(t *testing.T) {
	_, body := lineOf(t, rich(1))
	for name, change := range map[string][2]string{
		"no JSON":                {`"micros":12`, `"micros":x`},
		"members swapped":        {`"kind":"host","event":"key.use"`, `"event":"key.use","kind":"host"`},
		"member missing":         {`"actor":"alice",`, ``},
		"member of another case": {`"actor"`, `"Actor"`},
		"space":                  {`"id":`, `"id": `},
		"id of version 4":        {`774b`, `474b`},
		"id in upper case":       {`01890a5d`, `01890A5D`},
		"no date":                {`2026-01-02T`, `2026-13-02T`},
		"local time":             {`.000006Z`, `.00000+1`},
		"hash in upper case":     {strings.Repeat("a", 64), strings.Repeat("A", 64)},
		"no string":              {`"actor":"alice"`, `"actor":17`},
		"text behind":            {`"development":true}`, `"development":true} `},
		"string without end":     {`"event":"key.use"`, `"event":"key.use`},
	} {
		changed := strings.Replace(string(body), change[0], change[1], 1)
		line, _ := appendLine(nil, []byte(changed))
		if name == "text behind" {
			line, _ = appendLine(nil, []byte(changed+"x"))
		}
		var g glance
		if err := g.take(line[:len(line)-1]); err == nil || changed == string(body) {
			t.Errorf("%s: taken: %s", name, changed)
		}
	}
	line, _ := lineOf(t, note("x"))
	for name, bad := range map[string]string{
		"empty": "", "hash alone": string(line[:hashLen]), "no entry": string(line[:hashLen+1]), "other space": string(line[:hashLen]) + "\t" + string(line[hashLen+1:]),
		"other hash": strings.Repeat("0", hashLen) + string(line[hashLen:]), "no hex": strings.Repeat("x", hashLen) + string(line[hashLen:]),
	} {
		if err := new(glance).take([]byte(bad)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// What both readers take they read the same.
func FuzzGlance(f *testing.F) {
	for _, e := range []gate.Entry{note("x"), rich(1)} {
		_, body := lineOf(f, e)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		line, _ := appendLine(nil, body)
		line = line[:len(line)-1]
		var g glance
		taken := g.take(line) == nil
		r, err := parseLine(line)
		if !taken || err != nil {
			return
		}
		if string(g.timestamp) != r.entry.Timestamp || string(g.previous) != r.entry.PreviousHash {
			t.Errorf("%s: %+v", body, g)
		}
		if !bytes.ContainsRune(g.event, '\\') && string(g.event) != string(r.entry.Event) {
			t.Errorf("%s: event %q", body, g.event)
		}
	})
}

// Whatever is in a segment, Verify ends, and takes it only if it is made of entries and their seals.
func FuzzVerify(f *testing.F) {
	data := readFiles(f, folderOf(made(f, 3)))[segmentName(0)]
	f.Add([]byte(data))
	f.Add([]byte(data[:len(data)-3]))
	f.Add([]byte("\n"))
	dir := filepath.Join(f.TempDir(), "audit")
	if err := os.Mkdir(dir, 0o700); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, segmentName(0))
	f.Fuzz(func(t *testing.T, in []byte) {
		if !bytes.HasSuffix(in, []byte("\n")) { // Verify would wait for the rest
			in = append(bytes.Clone(in), '\n')
		}
		if err := os.WriteFile(path, in, 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := Verify(ctx, dir, Options{})
		if n := uint64(bytes.Count(in, []byte("\n"))); err == nil && report.Checked+report.Seals != n {
			t.Errorf("%d lines, report %+v", n, report)
		}
	})
}
