package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

func TestExitCodes(t *testing.T) {
	load := func(cause error) error {
		return fmt.Errorf("plugin x: %w", &runtimes.LoadError{Plugin: "x", Reason: "starting", Err: cause})
	}
	for _, tt := range []struct {
		name string
		err  error
		code int
		hint string
	}{
		{"anything", errors.New("x"), exitFailure, ""},
		{"cancelled", context.Canceled, exitFailure, ""},
		{"usage", usage(errors.New("x")), exitUsage, ""},
		{"refused", refused(errors.New("x"), "do"), exitRefused, "do"},
		{"structure", load(nil), exitRefused, ""},
		{"trap at load", load(runtimes.ErrTrap), exitRefused, ""},
		{"limit at load", load(fmt.Errorf("fuel: %w", runtimes.ErrLimit)), exitRefused, moreRoom},
		{"error answer at load", load(&runtimes.GuestError{Text: "no"}), exitRefused, ""},
		{"death at load", load(runtimes.ErrDied), exitRefused, ""},
		{"denied", &gate.Error{Kind: gate.ErrDenied, Cause: runtimes.ErrTrap}, exitDenied, ""},
		{"trap", fmt.Errorf("x: %w", runtimes.ErrTrap), exitPlugin, ""},
		{"bad output", fmt.Errorf("x: %w", runtimes.ErrBadOutput), exitPlugin, ""},
		{"error answer", &runtimes.GuestError{Text: "no"}, exitPlugin, ""},
		{"death", fmt.Errorf("x: %w", runtimes.ErrDied), exitPlugin, ""},
		{"limit", fmt.Errorf("time: %w", runtimes.ErrLimit), exitLimit, ""},
		{"quarantine", fmt.Errorf("x: %w", runtimes.ErrQuarantined), exitFailure, seeStatus},
		{"quarantine after deaths", fmt.Errorf("%w: %w", runtimes.ErrQuarantined, runtimes.ErrDied), exitFailure, seeStatus},
		{"closed", runtimes.ErrClosed, exitFailure, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := code(tt.err); got != tt.code {
				t.Errorf("exit code %d, want %d", got, tt.code)
			}
			if got := hint(tt.err); got != tt.hint {
				t.Errorf("hint %q, want %q", got, tt.hint)
			}
		})
	}
}
