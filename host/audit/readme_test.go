package audit

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"bulkhead/host/gate"
)

// row is the line of README.md about an event.
func row(r gate.Record) string {
	added := func(from, to gate.Level) string {
		var out []string
		for _, m := range r.At(to) {
			if !slices.Contains(r.At(from), m) {
				out = append(out, m)
			}
		}
		if out == nil {
			return "-"
		}
		return strings.Join(out, " ")
	}
	from := r.From.String()
	if r.Mandatory {
		from = "always"
	}
	var kinds []string
	for _, k := range r.Kinds {
		kinds = append(kinds, string(k))
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s | %s |", r.Event, from, strings.Join(kinds, " "), added(gate.Off, gate.Minimal),
		added(gate.Minimal, gate.Standard), added(gate.Standard, gate.Detailed), r.Text)
}

// The page has a row for each event, in the catalogue's order, and says nothing else.
func TestReadmeHasTheCatalogue(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| event | from level | kind |")
	table, _, _ = strings.Cut(table, "\n\n")
	got := strings.Split(strings.TrimSpace(table), "\n")
	if !found || len(got) < 3 {
		t.Fatal("README.md has no table of events")
	}
	got = got[2:] // the header's end and the line under it
	var want []string
	for _, r := range gate.Catalogue() {
		want = append(want, row(r))
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case i >= len(want):
			t.Errorf("too much: %s", got[i])
		case got[i] != want[i]:
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
	for _, m := range slices.Concat(gate.Always(), gate.Common()) {
		if !strings.Contains(string(text), "`"+m+"`") {
			t.Errorf("the page does not name %s", m)
		}
	}
}

// What the page says of sizes and names is what the code does.
func TestReadmeHasTheNumbers(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"`" + CheckpointName + "`", "`" + PublicName + "`", "`" + reserveName + "`", "`" + tornPrefix + "N`", "STATE/" + FolderName + "/",
		strings.TrimSpace(sealWord) + " SIZE ROOT SIG", "at most 65,535 bytes", "multiple of 256", `,"signature":"..."`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if MaxEntry != 65535 {
		t.Errorf("an entry has up to %d bytes", MaxEntry)
	}
}
