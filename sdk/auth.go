package sdk

import (
	"fmt"

	"bulkhead/abi"
)

// Auth makes the plugin an auth plugin: h turns what a caller presented into a principal, or refuses. Call it once, in
// init. An error of h goes to the log and refuses the caller, as does a trap.
func Auth(h func(abi.AuthRequest) (abi.AuthAnswer, error)) { register(overJSON(h)) }

// Refuse is the answer that names no principal. The reason goes to the log only, never to the caller; it is cut at
// abi.MaxReason bytes.
func Refuse(format string, args ...any) abi.AuthAnswer {
	return abi.AuthAnswer{Refused: reason(format, args)}
}

func reason(format string, args []any) string {
	if s := cut(valid(fmt.Sprintf(format, args...)), abi.MaxReason); s != "" {
		return s
	}
	return "no reason given"
}
