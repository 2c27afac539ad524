package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bulkhead/sdk"
)

// checkNames refuses names that a laxer reader would take for a registered claim.
func checkNames(claims map[string]json.RawMessage) error {
	for name := range claims {
		for _, registered := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"} {
			if name != registered && strings.EqualFold(name, registered) {
				return fmt.Errorf("the claim %.64q is not exactly %s", name, registered)
			}
		}
	}
	return nil
}

// checkAudience wants the token to be meant for this host. aud is a string or an array of strings.
func checkAudience(claims map[string]json.RawMessage, want string) error {
	if want == "" {
		return errors.New("neither the config nor the host names an audience")
	}
	raw, has := claims["aud"]
	if !has {
		return errors.New("aud is missing")
	}
	var one string
	if sdk.Decode(raw, &one) == nil && one == want {
		return nil
	}
	var several []string
	if sdk.Decode(raw, &several) == nil && slices.Contains(several, want) {
		return nil
	}
	return fmt.Errorf("the token is for another audience than %q", want)
}

// checkTimes returns when the token expires. exp and iat are required and nbf is obeyed. Leeway excuses an issuer whose
// clock is ahead; it never stretches exp.
func (a *authenticator) checkTimes(claims map[string]json.RawMessage, now time.Time) (time.Time, error) {
	issued, err := instant(claims, "iat")
	if err != nil {
		return time.Time{}, err
	}
	expires, err := instant(claims, "exp")
	if err != nil {
		return time.Time{}, err
	}
	begins := issued
	if _, has := claims["nbf"]; has {
		if begins, err = instant(claims, "nbf"); err != nil {
			return time.Time{}, err
		}
	}
	switch lifetime := expires.Sub(issued); {
	case lifetime <= 0:
		return time.Time{}, errors.New("exp is not after iat")
	case lifetime > a.lifetime:
		return time.Time{}, fmt.Errorf("the token lives %v, longer than %v", lifetime, a.lifetime)
	case now.Add(a.leeway).Before(issued):
		return time.Time{}, errors.New("iat lies in the future")
	case now.Add(a.leeway).Before(begins):
		return time.Time{}, errors.New("nbf lies in the future")
	case !now.Before(expires):
		return time.Time{}, fmt.Errorf("the token expired at %s", expires.Format(time.RFC3339))
	}
	return expires, nil
}

const lastSecond = 253402300799 // of the year 9999, after which RFC 3339 has no words

// instant reads a NumericDate in whole seconds.
func instant(claims map[string]json.RawMessage, name string) (time.Time, error) {
	raw, has := claims[name]
	if !has {
		return time.Time{}, fmt.Errorf("%s is missing", name)
	}
	seconds, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || seconds < 0 || seconds > lastSecond {
		return time.Time{}, fmt.Errorf("%s is no whole number of seconds before the year 10000", name)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
