package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
	"bulkhead/host/bundle"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/manifest"
	"bulkhead/runtimes"
	"bulkhead/runtimes/worker"
)

// The exit codes of every command.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2 // usage or manifest error
	exitRefused = 3 // signature, trust, structure, import; whatever ended a plugin's load
	exitDenied  = 4 // policy
	exitPlugin  = 5 // trap, bad output, error answer, death of the worker
	exitLimit   = 6 // time, fuel, memory, output of a call
)

// An exitError carries an exit code and what the user should do next.
type exitError struct {
	code int
	err  error
	hint string
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error { return &exitError{code: exitUsage, err: err} }

func refused(err error, hint string) error { return &exitError{exitRefused, err, hint} }

func hinted(err error, hint string) error { return &exitError{code(err), err, hint} }

// Hints that more than one command gives.
const (
	moreRoom  = "raise its timeout, fuel or memory, if you trust it to need more"
	noSandbox = `workers need Linux 5.13 with Landlock, and a host built with CGO_ENABLED=0; isolation = "inline" is for plugins that you trust as the host itself`
	seeStatus = "'bin/host status' on the device says why and until when"
)

// code maps an error to the process's exit code. A LoadError is a refusal even if a limit or a trap is its cause: a plugin
// that did not load has answered nobody, and is not tried again as a call is.
func code(err error) int {
	var e *exitError
	var problems *manifest.Problems
	var file *keys.FileError
	var invalid *bundle.Invalid
	var no *bundle.Refused
	var load *runtimes.LoadError
	var guest *runtimes.GuestError
	switch {
	case errors.As(err, &e):
		return e.code
	case errors.As(err, &problems), errors.As(err, &file), errors.As(err, &invalid), errors.Is(err, audit.ErrNoLog), errors.Is(err, audit.ErrFormer):
		return exitUsage
	case errors.As(err, &no), errors.As(err, &load):
		return exitRefused
	case errors.Is(err, gate.ErrDenied), errors.Is(err, gate.ErrUnauthenticated):
		return exitDenied
	case errors.Is(err, runtimes.ErrQuarantined): // nothing ran
		return exitFailure
	case errors.Is(err, runtimes.ErrLimit):
		return exitLimit
	case errors.As(err, &guest), errors.Is(err, runtimes.ErrTrap), errors.Is(err, runtimes.ErrBadOutput), errors.Is(err, runtimes.ErrDied):
		return exitPlugin
	case strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "required flag"):
		return exitUsage // cobra has no types for these
	}
	return exitFailure
}

// hint finds what the user should do next. Some errors say it in a line of their own already.
func hint(err error) string {
	var e *exitError
	var load *runtimes.LoadError
	switch {
	case strings.Contains(err.Error(), "hint: "):
		return ""
	case errors.As(err, &e):
		return e.hint
	case errors.Is(err, runtimes.ErrQuarantined):
		return seeStatus
	case errors.Is(err, worker.ErrSandbox):
		return noSandbox
	case errors.As(err, &load) && errors.Is(err, runtimes.ErrLimit):
		return moreRoom
	}
	return ""
}

// report prints the error on stderr and returns the exit code.
func report(s *streams, cmd *cobra.Command, err error) int {
	c, h := code(err), hint(err)
	if s.json {
		_ = json.NewEncoder(s.err).Encode(map[string]any{"error": err.Error(), "hint": h, "code": c})
		return c
	}
	fmt.Fprintf(s.err, "%s: %v\n", cmd.CommandPath(), err)
	if h == "" && c == exitUsage && !strings.Contains(err.Error(), "hint: ") {
		h = fmt.Sprintf("see '%s --help'", cmd.CommandPath())
	}
	if h != "" {
		fmt.Fprintf(s.err, "hint: %s\n", h)
	}
	return c
}
