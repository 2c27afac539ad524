package attest

import (
	"errors"
	"strings"
)

// A Requester is who asked for the evidence. The zero value is nobody.
type Requester struct {
	Who    string `json:"who"`    // "operator", "host" or "plugin:" and the plugin's signed name
	Digest string `json:"digest"` // the plugin's; otherwise empty
	Call   string `json:"call"`   // the id of the call that the plugin ran for; otherwise empty
}

const pluginPrefix = "plugin:"

// ByOperator is evidence that an operator asked for.
func ByOperator() Requester { return Requester{Who: "operator"} }

// ByHost is evidence that the host made of its own accord.
func ByHost() Requester { return Requester{Who: "host"} }

// ByPlugin is evidence that a plugin asked for, while it ran for a call.
func ByPlugin(name, digest, call string) Requester {
	return Requester{Who: pluginPrefix + name, Digest: digest, Call: call}
}

// check refuses a requester that names nobody, or a plugin in part.
func (r Requester) check() error {
	if r == ByOperator() || r == ByHost() {
		return nil
	}
	name, ok := strings.CutPrefix(r.Who, pluginPrefix)
	if !ok || name == "" || r.Digest == "" || r.Call == "" {
		return errors.New("the requester must be the operator, the host, or a plugin with digest and call")
	}
	return nil
}
