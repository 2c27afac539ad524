package main

import (
	"os"
	"path/filepath"

	"bulkhead/bench/report"
)

// pageOf makes the page from the template and the latest whole run.
func pageOf(template, results string) ([]byte, error) {
	run, err := report.Latest(results)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(template)
	if err != nil {
		return nil, err
	}
	return run.Page(string(text))
}

// writePage writes bench/README.md anew.
func writePage(o options) error {
	page, err := pageOf(filepath.Join(o.root, "bench/page.tmpl"), o.out)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.root, "bench/README.md"), page, 0o644)
}
