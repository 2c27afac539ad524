package spectest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"bulkhead/runtimes/wasm"
)

// Validate is an engine's own check of an original module.
type Validate func(ctx context.Context, module []byte) error

// laterValid are modules that the first standard refused and the second, which ABI v1 follows, allows.
func laterValid() map[string]string {
	return map[string]string{
		"v1/func/func.20.wasm":                           "two results",
		"v1/func/func.21.wasm":                           "two results",
		"v1/type/type.3.wasm":                            "two results",
		"v1/type/type.4.wasm":                            "two results",
		"v1/imports/imports.49.wasm":                     "two tables",
		"v1/unreached-invalid/unreached-invalid.87.wasm": "br_table to labels of different types in unreachable code",
	}
}

// Refuses: every module that the suite calls malformed or invalid is refused as it is, by package wasm or the engine,
// before anything is rewritten.
func Refuses(t *testing.T, validate Validate) {
	count, allowed := map[string]int{}, laterValid()
	each(t, suites(), func(s script, c command) {
		if c.Type != "assert_invalid" && c.Type != "assert_malformed" {
			return
		}
		module, name := s.module(t, c), s.name+"/"+c.Filename
		_, unread := wasm.Read(module)
		invalid := validate(t.Context(), module)
		count[verdict(unread, invalid)]++
		if _, ok := allowed[name]; ok {
			delete(allowed, name)
			if unread == nil && invalid != nil {
				t.Errorf("%s: %v; the standard of ABI v1 allows it", name, invalid)
			}
			return
		}
		if unread == nil && invalid == nil {
			t.Errorf("%s, line %d, is accepted: %s", s.name, c.Line, c.Text)
		}
	})
	for name := range allowed {
		t.Errorf("%s is not in the suite", name)
	}
	report(t, "malformed or invalid", count)
}

// RefusesForeign: no valid module of a proposal outside ABI v1 is accepted, unless an engine without that proposal, which
// plain answers for, accepts it too, that is, the module uses none of it.
func verdict(unread, invalid error) string {
	switch {
	case unread != nil && invalid != nil:
		return "refused by package wasm, and by the engine too"
	case unread != nil:
		return "refused by package wasm alone"
	case invalid != nil:
		return "refused by the engine alone"
	}
	return "accepted"
}

// each visits every command of the suites that has a binary module.
func each(t *testing.T, suites []string, visit func(s script, c command)) {
	for _, s := range scripts(t, suites...) {
		for _, c := range s.Commands {
			if c.binary() {
				visit(s, c)
			}
		}
	}
}

func report(t *testing.T, what string, count map[string]int) {
	total := 0
	for _, n := range count {
		total += n
	}
	t.Logf("%d modules, %s:", total, what)
	for _, key := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%6d %s", count[key], key)
	}
}
