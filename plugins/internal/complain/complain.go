// Package complain tells the client of a tool plugin what it can do something about. All other errors are for the host's log.
package complain

import (
	"errors"

	"bulkhead/abi"
	"bulkhead/sdk"
)

// A Complaint is an error that the client may read: whole sentences.
type Complaint string

// Error is what the client reads.
func (c Complaint) Error() string { return string(c) }

// Answer turns a complaint into an answer that says so, and lets all else pass: Answer(handle(request)).
func Answer(a abi.ToolAnswer, err error) (abi.ToolAnswer, error) {
	var c Complaint
	if errors.As(err, &c) {
		return abi.ToolAnswer{Content: []abi.Content{sdk.Text(c.Error())}, Failed: true}, nil
	}
	return a, err
}

// Explain tells the client about the refusals of the host that it can do something about: ask the operator, or come
// back later. what completes "The gateway does not let this tool ...".
func Explain(what string, err error) error {
	switch {
	case errors.Is(err, sdk.ErrDenied):
		return Complaint("The gateway does not let this tool " + what + ".")
	case errors.Is(err, sdk.ErrUnavailable):
		return Complaint("This tool can't " + what + " at present: the gateway has not what it takes.")
	case errors.Is(err, sdk.ErrLimit):
		return Complaint("This tool can't " + what + " now: a limit is reached. Try again later.")
	case errors.Is(err, sdk.ErrDeadline):
		return Complaint("This tool could not " + what + " in time.")
	}
	return err
}
