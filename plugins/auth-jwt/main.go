// Command auth-jwt is the auth plugin for bearer JWTs (RFC 7519) signed with EdDSA over Ed25519 (RFC 8037) or ES256
// (RFC 7518 section 3.4), checked after RFC 8725.
//
// Whatever is not plainly right is refused, each with its own reason for the log. The plugin keeps nothing between calls
// and takes the time from the request, never from WASI.
package main

import (
	"errors"

	"bulkhead/abi"
	"bulkhead/sdk"
)

func main() {}

func init() {
	var a *authenticator
	sdk.Configure(func(config []byte) (err error) {
		a, err = configure(config)
		if err == nil && a.anonymous != "" {
			sdk.Log(abi.LevelWarn, "callers without credential are let in as %s", a.anonymous)
		}
		return err
	})
	sdk.Auth(func(q abi.AuthRequest) (abi.AuthAnswer, error) {
		if a == nil {
			return abi.AuthAnswer{}, errors.New("auth-jwt was not configured")
		}
		return a.answer(q), nil
	})
}
