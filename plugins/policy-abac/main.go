// Command policy-abac is the policy plugin for rules over attributes: who (principal, claims), what (action), on what
// (resource, plugin, arguments), where (device, zone, transport) and when (hours, days).
//
// Nothing is allowed but by a rule, any rule that denies wins, and every answer names the rule that gave it. What can't be
// judged counts against the caller. README.md specifies the language.
package main

import (
	"errors"

	"bulkhead/abi"
	"bulkhead/sdk"
)

func main() {}

func init() {
	var p *policy
	sdk.Configure(func(config []byte) (err error) {
		p, err = configure(config)
		return err
	})
	sdk.Policy(func(q abi.PolicyRequest) (abi.PolicyAnswer, error) {
		if p == nil {
			return abi.PolicyAnswer{}, errors.New("policy-abac was not configured")
		}
		return p.decide(q), nil
	})
}
