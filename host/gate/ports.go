package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkhead/abi"
)

// An Authenticator is an auth plugin as the gate sees it.
type Authenticator interface {
	Authenticate(ctx context.Context, q abi.AuthRequest) (abi.AuthAnswer, error)
	Ref() PluginRef
}

// A Decider is a policy plugin as the gate sees it. Whatever error it returns means deny.
type Decider interface {
	Decide(ctx context.Context, q abi.PolicyRequest) (abi.PolicyAnswer, error)
	Ref() PluginRef
	// After reports whether the policy is asked again with the result.
	After() bool
}

// A Clock tells the time and how far to trust it. Tests inject one.
type Clock func() (time.Time, abi.Clock)

// The kinds of refusal. Every error of Do and Authenticate is or wraps exactly one of them.
var (
	ErrUnauthenticated = errors.New("not authenticated")
	ErrDenied          = errors.New("denied by policy")
	ErrInvalid         = errors.New("invalid arguments") // Cause speaks of the client's own words and may be shown
	ErrTooMany         = errors.New("too many refused requests from this address")
	ErrUnavailable     = errors.New("not available") // the log cannot be written, a plugin is in quarantine, or the host is stopping
	ErrFailed          = errors.New("the call failed")
)

// An Error is a refusal as a client may see it: the kind and the call's id, nothing else. Cause is for the host's own
// eyes and its log.
type Error struct {
	Kind  error // one of the errors above
	Call  string
	Cause error
}

// Error leaves the cause out.
func (e *Error) Error() string { return fmt.Sprintf("%v (call %s)", e.Kind, e.Call) }

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.Cause} }
