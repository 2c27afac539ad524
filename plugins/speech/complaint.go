package main

import (
	"errors"

	"bulkhead/abi"
	"bulkhead/sdk"
)

// A complaint is an error that the client may read. All others are for the host's log.
type complaint string

// Error is what the client reads.
func (c complaint) Error() string { return string(c) }

// answer turns a complaint into an answer that says so.
func answer(a abi.ToolAnswer, err error) (abi.ToolAnswer, error) {
	var c complaint
	if errors.As(err, &c) {
		return abi.ToolAnswer{Content: []abi.Content{sdk.Text(c.Error())}, Failed: true}, nil
	}
	return a, err
}

// explain tells the client about the refusals of the host that it can do something about: ask the operator, or come
// back later. what completes "The gateway does not let this tool ...".
func explain(what string, err error) error {
	switch {
	case errors.Is(err, sdk.ErrDenied):
		return complaint("The gateway does not let this tool " + what + ".")
	case errors.Is(err, sdk.ErrUnavailable):
		return complaint("This tool can't " + what + " at present: the gateway has not what it takes.")
	case errors.Is(err, sdk.ErrLimit):
		return complaint("This tool can't " + what + " now: a limit is reached. Try again later.")
	case errors.Is(err, sdk.ErrDeadline):
		return complaint("This tool could not " + what + " in time.")
	}
	return err
}
