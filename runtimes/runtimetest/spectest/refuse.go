package spectest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"bulkhead/runtimes/wasm"
)

// Validate is an engine's own check of an original module.
type Validate func(ctx context.Context, module []byte) error

// laterValid are modules that the first standard refused and the second, which ABI v1 follows, allows. An engine may still
// refuse those with imports that ABI v1 does not have.
func laterValid() map[string]string {
	return map[string]string{
		"v1/func/func.20.wasm":                           "two results",
		"v1/func/func.21.wasm":                           "two results",
		"v1/type/type.3.wasm":                            "two results",
		"v1/type/type.4.wasm":                            "two results",
		"v1/imports/imports.47.wasm":                     "two tables",
		"v1/imports/imports.48.wasm":                     "two tables",
		"v1/imports/imports.49.wasm":                     "two tables",
		"v1/unreached-invalid/unreached-invalid.87.wasm": "br_table to labels of different types in unreachable code",
	}
}

// Refuses: every module that the suite calls malformed or invalid is refused as it is, by package wasm or the engine,
// before anything is rewritten. A refusal for its size alone proves nothing.
func Refuses(t *testing.T, validate Validate) {
	count, allowed := map[string]int{}, laterValid()
	each(t, suites(), func(s script, c command) {
		if c.Type != "assert_invalid" && c.Type != "assert_malformed" {
			return
		}
		module, name := s.module(t, c), s.name+"/"+c.Filename
		unread, invalid := unreadable(module), validate(t.Context(), module)
		if reason, ok := allowed[name]; ok {
			delete(allowed, name)
			count["valid by now: "+reason]++
			if unread != nil {
				t.Errorf("%s: %v; ABI v1 allows it: %s", name, unread, reason)
			}
			return
		}
		count[verdict(unread, invalid)]++
		if unread == nil && invalid == nil {
			t.Errorf("%s, line %d, is accepted: %s", name, c.Line, c.Text)
		}
	})
	for name := range allowed {
		t.Errorf("%s is not in the suite", name)
	}
	report(t, "malformed or invalid", count)
}

// unreadable is the refusal of package wasm, unless it is for a limit.
func unreadable(module []byte) error {
	if _, err := wasm.Read(module); !errors.Is(err, wasm.ErrLimit) {
		return err
	}
	return nil
}

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
