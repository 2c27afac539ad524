package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/host/bundle"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/manifest"
	"bulkhead/runtimes"
)

// The exit codes of every command.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2 // usage or manifest error
	exitRefused = 3 // signature, trust, structure, import
	exitDenied  = 4 // policy
	exitPlugin  = 5 // trap, bad output, error answer
	exitLimit   = 6 // time, fuel, memory, output
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

// code maps an error to the process's exit code.
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
	case errors.As(err, &problems), errors.As(err, &file), errors.As(err, &invalid):
		return exitUsage
	case errors.As(err, &no), errors.As(err, &load):
		return exitRefused
	case errors.Is(err, gate.ErrDenied), errors.Is(err, gate.ErrUnauthenticated):
		return exitDenied
	case errors.Is(err, runtimes.ErrLimit):
		return exitLimit
	case errors.As(err, &guest), errors.Is(err, runtimes.ErrTrap), errors.Is(err, runtimes.ErrBadOutput):
		return exitPlugin
	case strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "required flag"):
		return exitUsage // cobra has no types for these
	}
	return exitFailure
}

// hint finds what the user should do next. Some errors say it in a line of their own already.
func hint(err error) string {
	var e *exitError
	if strings.Contains(err.Error(), "hint: ") || !errors.As(err, &e) {
		return ""
	}
	return e.hint
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
