//go:build wasmtime

package main

import (
	"os"
	"testing"
)

// Every section runs with every peer, and what they find is enough for the page: a peer that is missing, an answer that is
// wrong, or a name that the page asks for in vain fails here.
func TestSmoke(t *testing.T) {
	o := smallest()
	o.out = t.TempDir()
	b := newBench(o)
	defer b.close()
	for _, s := range sections() {
		t.Run(s.name, func(t *testing.T) {
			defer b.close()
			if err := s.run(b, t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	if err := b.write(); err != nil {
		t.Fatal(err)
	}
	template, err := os.ReadFile("page.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.run.Page(string(template)); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(o.out); err != nil || len(entries) != 4 {
		t.Errorf("%d results, want a report, samples, JSON and a folder of plots: %v", len(entries), err)
	}
}
