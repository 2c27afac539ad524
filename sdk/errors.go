package sdk

import "bulkhead/abi"

// What host functions answer instead of a result, for errors.Is. SPEC.md, section "Errnos", says when each comes.
const (
	ErrDenied      = abi.ErrDenied
	ErrInvalid     = abi.ErrInvalid
	ErrFault       = abi.ErrFault
	ErrLimit       = abi.ErrLimit
	ErrUnavailable = abi.ErrUnavailable
	ErrDeadline    = abi.ErrDeadline
	ErrNotFound    = abi.ErrNotFound
	ErrInternal    = abi.ErrInternal
)
