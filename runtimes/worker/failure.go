package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// Failures are how errors cross from worker to host: a number and, for people, a line of text.
const (
	failOther    = iota
	failGuest    // the text is the guest's own
	failTrap     // runtimes.ErrTrap
	failOutput   // runtimes.ErrBadOutput
	failLimit    // runtimes.ErrLimit
	failEnded    // the context was done
	failSandbox  // ErrSandbox, before loading only
	failures     // how many there are
	maxText      = 1 << 10
	maxGuestText = abi.MaxGuestError
)

// failureOf turns an error into a failure.
func failureOf(err error) (number uint32, text string) {
	if guest, ok := errors.AsType[*runtimes.GuestError](err); ok {
		return failGuest, guest.Text
	}
	return numberOf(err), line(err.Error())
}

func numberOf(err error) uint32 {
	for _, known := range []struct {
		err    error
		number uint32
	}{
		{runtimes.ErrTrap, failTrap}, {runtimes.ErrBadOutput, failOutput}, {runtimes.ErrLimit, failLimit},
		{context.Canceled, failEnded}, {context.DeadlineExceeded, failEnded},
	} {
		if errors.Is(err, known.err) {
			return known.number
		}
	}
	return failOther
}

// checkText holds a failure's text, which may be an attack, against what an honest worker sends.
func checkText(number uint32, text []byte) error {
	most := maxText
	if number == failGuest {
		most = maxGuestText
	}
	switch {
	case number >= failures:
		return brokenf("failure %d", number)
	case len(text) > most:
		return brokenf("a text of %d bytes", len(text))
	case !utf8.Valid(text):
		return brokenf("a text that is not UTF-8")
	}
	return nil
}

// errorOf is the inverse of failureOf, for a text that checkText has seen. It does not know failEnded.
func errorOf(number uint32, text string) error {
	switch number {
	case failGuest:
		return &runtimes.GuestError{Text: text}
	case failTrap:
		return reported{line(text), runtimes.ErrTrap}
	case failOutput:
		return reported{line(text), runtimes.ErrBadOutput}
	case failLimit:
		return reported{line(text), runtimes.ErrLimit}
	case failSandbox:
		return reported{line(text), ErrSandbox}
	}
	return errors.New(line(text))
}

// A reported error has the worker's words and a kind that the host knows.
type reported struct {
	text string
	kind error
}

// Error implements error.
func (r reported) Error() string { return r.text }

// Unwrap returns the kind.
func (r reported) Unwrap() error { return r.kind }

// line makes one line of at most maxText bytes of printable text.
func line(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

// died is ErrDied with its reason.
func died(reason string) error { return fmt.Errorf("%w: %s", runtimes.ErrDied, reason) }
