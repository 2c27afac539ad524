package main

import (
	"errors"

	"bulkhead/runtimes"
)

// An outcome is how a plugin's load or call ended, in one word.
type outcome string

// The outcomes.
const (
	outcomeOK        outcome = "ok"
	outcomeError     outcome = "error" // the plugin's own error answer
	outcomeTrap      outcome = "trap"
	outcomeBadOutput outcome = "bad-output"
	outcomeLimit     outcome = "limit" // time, fuel, memory, stack, output
	outcomeRefused   outcome = "refused"
	outcomeDied      outcome = "died" // the worker; in quarantine it stays dead
)

// outcomeOf tells the outcome from an error of Load or Call. What no plugin can cause is none: "".
func outcomeOf(err error) outcome {
	var guest *runtimes.GuestError
	switch {
	case err == nil:
		return outcomeOK
	case code(err) == exitRefused:
		return outcomeRefused
	case errors.Is(err, runtimes.ErrQuarantined), errors.Is(err, runtimes.ErrDied):
		return outcomeDied
	case errors.Is(err, runtimes.ErrLimit):
		return outcomeLimit
	case errors.As(err, &guest):
		return outcomeError
	case errors.Is(err, runtimes.ErrTrap):
		return outcomeTrap
	case errors.Is(err, runtimes.ErrBadOutput):
		return outcomeBadOutput
	}
	return ""
}

// exit is the exit code of a command that shows one call: of several, that of the worst, which has the highest.
func (o outcome) exit() int {
	switch o {
	case outcomeOK:
		return exitOK
	case outcomeRefused:
		return exitRefused
	case outcomeLimit:
		return exitLimit
	case outcomeError, outcomeTrap, outcomeBadOutput, outcomeDied:
		return exitPlugin
	}
	return exitFailure
}
