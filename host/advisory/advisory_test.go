package advisory

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The list itself: every entry says what an operator must know, once, in order.
func TestList(t *testing.T) {
	l, err := Known()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.DateOnly, l.Date); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for i, a := range l.Advisories {
		if !regexp.MustCompile(`^GHSA(-[23456789cfghjmpqrvwx]{4}){3}$`).MatchString(a.ID) || seen[a.ID] {
			t.Errorf("%q is no identifier, or stands twice", a.ID)
		}
		seen[a.ID] = true
		for _, name := range a.Also {
			if !regexp.MustCompile(`^(CVE|RUSTSEC)-20\d\d-\d{4,}$`).MatchString(name) {
				t.Errorf("%s: %q", a.ID, name)
			}
		}
		if !slices.Contains(l.Engines, a.Engine) || a.Title == "" || a.Here == "" || !strings.HasPrefix(a.CVSS, "CVSS:") || len(a.Clean) == 0 {
			t.Errorf("%+v", a)
		}
		if !slices.Contains([]string{"", "amd64", "arm64"}, a.Arch) {
			t.Errorf("%s: processor %q", a.ID, a.Arch)
		}
		if _, err := time.Parse(time.DateOnly, a.Published); err != nil || a.Published > l.Date || i > 0 && a.Published < l.Advisories[i-1].Published {
			t.Errorf("%s: published %q", a.ID, a.Published)
		}
		for _, r := range a.Clean {
			from, low := parse(r[0])
			to, high := parse(r[1])
			if r[0] != "" && !low || r[1] != "" && !high || low && high && !less(from, to) {
				t.Errorf("%s: versions %q", a.ID, r)
			}
		}
	}
}

func TestOf(t *testing.T) {
	l := List{Advisories: []Advisory{
		{ID: "old", Engine: "wasmtime", Clean: [][2]string{{"36.0.5", "37.0.0"}, {"40.0.3", "41.0.0"}, {"41.0.1", ""}}},
		{ID: "new", Engine: "wasmtime", Clean: [][2]string{{"", "39.0.1"}, {"48.0.0", ""}}},
		{ID: "arm", Engine: "wasmtime", Arch: "arm64", Clean: [][2]string{{"43.0.1", ""}}},
		{ID: "other", Engine: "wazero", Clean: [][2]string{{"1.12.0", ""}}},
	}}
	for _, tt := range []struct{ engine, arch, want string }{
		{"wasmtime v39.0.1", "amd64", "old new"},
		{"wasmtime v39.0.0", "amd64", "old"},
		{"wasmtime 39.0.1", "arm64", "old new arm"},
		{"wasmtime v36.0.4", "amd64", "old"},
		{"wasmtime v36.0.5", "amd64", ""},
		{"wasmtime v37.0.0", "amd64", "old"},
		{"wasmtime v40.0.3", "amd64", "new"},
		{"wasmtime v41.0.0", "amd64", "old new"},
		{"wasmtime v47.9.9", "amd64", "new"},
		{"wasmtime v48.0.0", "arm64", ""},
		{"wasmtime v100.0.0", "arm64", ""},
		{"wasmtime", "amd64", "old new"},
		{"wasmtime v48", "amd64", "old new"},
		{"wasmtime v48.0.0-rc1", "amd64", "old new"},
		{"wasmtime v48.0.-1", "amd64", "old new"},
		{"wasmtime v99999999999.0.0", "amd64", "old new"},
		{"wazero v1.12.0", "amd64", ""},
		{"wazero v1.11.0", "amd64", "other"},
		{"", "amd64", ""},
	} {
		var got []string
		for _, a := range l.Of(tt.engine, tt.arch) {
			got = append(got, a.ID)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s on %s: %q, want %q", tt.engine, tt.arch, got, tt.want)
		}
	}
}

// The escapes that this project knows of are in the list, and named as what they are.
func TestKnownEscapes(t *testing.T) {
	l, err := Known()
	if err != nil {
		t.Fatal(err)
	}
	for arch, want := range map[string]bool{"arm64": true, "amd64": false} {
		found := slices.ContainsFunc(l.Of("wasmtime v39.0.1", arch), func(a Advisory) bool { return a.ID == "GHSA-jhxm-h53p-jm7w" && a.Matters })
		if found != want {
			t.Errorf("%s: %v", arch, found)
		}
	}
	if all := l.Of("wasmtime v49.0.2", "arm64"); all != nil {
		t.Errorf("%+v", all)
	}
}

// An engine of another name has not been found clean.
func TestCovers(t *testing.T) {
	l, err := Known()
	if err != nil {
		t.Fatal(err)
	}
	for engine, want := range map[string]bool{"wasmtime v39.0.1": true, "wazero v1.12.0": true, "wasmtime": true, "": false, "wasmtim v39.0.1": false, "other v1": false} {
		if l.Covers(engine) != want {
			t.Errorf("%q: %t", engine, !want)
		}
	}
}
