package sdk

import "bulkhead/abi"

// Policy makes the plugin a policy plugin: h decides whether a principal may do an action. Call it once, in init. An
// error of h goes to the log and denies, as does a trap.
func Policy(h func(abi.PolicyRequest) (abi.PolicyAnswer, error)) { register(overJSON(h)) }

// Allow is the answer that allows, with a reason for the log, cut at abi.MaxReason bytes.
func Allow(format string, args ...any) abi.PolicyAnswer {
	return abi.PolicyAnswer{Decision: abi.Allow, Reason: reason(format, args)}
}

// Deny is the answer that denies, with a reason for the log, cut at abi.MaxReason bytes.
func Deny(format string, args ...any) abi.PolicyAnswer {
	return abi.PolicyAnswer{Decision: abi.Deny, Reason: reason(format, args)}
}
