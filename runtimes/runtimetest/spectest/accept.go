package spectest

import (
	"errors"
	"strings"
	"testing"

	"bulkhead/runtimes/wasm"
)

// refusedValid are valid modules that package wasm refuses on purpose.
func refusedValid() map[string]string {
	return map[string]string{
		"v2/binary-leb128/binary-leb128.81.wasm": "an opcode behind a prefix in more bytes than it needs",
	}
}

// Accepts: every module that the suite calls valid passes package wasm and the engine, unless it goes over a limit, or has
// segments that lie outside of what they fill, where the suite fails to link or traps while it instantiates.
func Accepts(t *testing.T, validate Validate) {
	count, allowed := map[string]int{}, refusedValid()
	each(t, suites(), func(s script, c command) {
		if c.Type == "assert_invalid" || c.Type == "assert_malformed" {
			return
		}
		module, name := s.module(t, c), s.name+"/"+c.Filename
		if err := validate(t.Context(), module); err != nil {
			t.Errorf("%s, line %d, is valid and the engine refuses it: %v", name, c.Line, err)
		}
		_, err := wasm.Read(module)
		reason, known := allowed[name]
		delete(allowed, name)
		switch {
		case err == nil && known:
			t.Errorf("%s, line %d, is accepted; it was not: %s", name, c.Line, reason)
		case err == nil:
			count["accepted"]++
		case known:
			count["refused on purpose: "+reason]++
		case errors.Is(err, wasm.ErrLimit):
			count["over a limit"]++
			t.Logf("%s, line %d: %v", name, c.Line, err)
		case c.Type == "assert_uninstantiable" || strings.Contains(c.Text, "segment does not fit"):
			count["refused, as the suite wants it at link time: "+c.Text]++
		default:
			t.Errorf("%s, line %d, is valid and refused: %v", name, c.Line, err)
		}
	})
	for name := range allowed {
		t.Errorf("%s is not in the suite", name)
	}
	report(t, "valid", count)
}

// strangers are how many modules of the proposals outside ABI v1 need none of what is proposed, and so are accepted.
func strangers() map[string]int {
	return map[string]int{"extended-const": 4, "typed-function-references": 126}
}

// RefusesStrangers: of the proposals outside ABI v1, every module is refused that needs one. All engines agree which do.
func RefusesStrangers(t *testing.T, validate Validate) {
	accepted, count := map[string]int{}, map[string]int{}
	each(t, strangeSuites(), func(s script, c command) {
		module := s.module(t, c)
		suite, _, _ := strings.Cut(s.name, "/")
		word := verdict(unreadable(module), validate(t.Context(), module))
		if count[suite+": "+word]++; word == "accepted" {
			accepted[suite]++
			if c.Type == "assert_invalid" || c.Type == "assert_malformed" {
				t.Errorf("%s/%s, line %d, is accepted: %s", s.name, c.Filename, c.Line, c.Text)
			}
		}
	})
	report(t, "of proposals outside ABI v1", count)
	for _, suite := range strangeSuites() {
		if got, want := accepted[suite], strangers()[suite]; got != want {
			t.Errorf("%s: %d modules are accepted, want %d", suite, got, want)
		}
	}
}
