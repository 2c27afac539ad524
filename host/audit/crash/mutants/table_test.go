package main

import (
	"os"
	"testing"
)

// A mutant that no longer fits the code would test nothing.
func TestMutantsFitTheCode(t *testing.T) {
	t.Chdir("../../../..")
	if _, err := os.Stat("go.mod"); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, m := range mutants() {
		if _, err := m.overlay(t.TempDir()); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if names[m.name] || len(m.edits) == 0 {
			t.Errorf("%s: twice, or without an edit", m.name)
		}
		names[m.name] = true
	}
}

func TestEachMutantBeginsWithItsTest(t *testing.T) {
	for _, m := range mutants() {
		if all := m.order(); all[0].label != m.first || len(all) != len(tests()) {
			t.Errorf("%s begins with %s, not with %q", m.name, all[0].label, m.first)
		}
	}
}

func TestEditFitsOnce(t *testing.T) {
	for _, text := range []string{"", "b", "aa"} {
		if out, err := (edit{"f", "a", "c"}).apply(text); err == nil {
			t.Errorf("%q became %q", text, out)
		}
	}
	if out, err := (edit{"f", "a", "c"}).apply("xay"); err != nil || out != "xcy" {
		t.Errorf("%q, %v", out, err)
	}
}
