package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bulkhead/abi"
	"bulkhead/sdk"
)

const anonymousLifetime = 5 * time.Minute

func (a *authenticator) answer(q abi.AuthRequest) abi.AuthAnswer {
	p, err := a.authenticate(q)
	if err != nil {
		return sdk.Refuse("%v", err)
	}
	return abi.AuthAnswer{Principal: p, Cacheable: q.Credential != nil}
}

// authenticate names the caller. A caller with a credential stands or falls by it: a bad one never becomes anonymous.
func (a *authenticator) authenticate(q abi.AuthRequest) (*abi.Principal, error) {
	now, err := time.Parse(time.RFC3339, q.Now)
	if err != nil {
		return nil, errors.New("the request names no time")
	}
	switch {
	case q.Credential == nil && a.anonymous == "":
		return nil, errors.New("no credential")
	case q.Credential == nil:
		return &abi.Principal{ID: a.anonymous, Expires: now.Add(anonymousLifetime).UTC().Format(time.RFC3339)}, nil
	case q.Credential.Scheme != "bearer":
		return nil, fmt.Errorf("the credential's scheme is %.64q, not bearer", q.Credential.Scheme)
	case q.Clock != abi.ClockTrusted && q.Clock != abi.ClockFloor:
		return nil, errors.New("the clock is not synchronised, so no token's expiry can be judged")
	}
	t, err := parseToken(q.Credential.Value)
	if err != nil {
		return nil, err
	}
	return a.judge(t, q.Audience, now)
}

// judge believes the claims only after the signature.
func (a *authenticator) judge(t token, audience string, now time.Time) (*abi.Principal, error) {
	name, err := text(t.claims, "iss")
	if err != nil {
		return nil, err
	}
	i, known := a.issuers[name]
	if !known {
		return nil, fmt.Errorf("the issuer %.64q is unknown", name)
	}
	k, err := i.key(t.kid)
	if err != nil {
		return nil, err
	}
	if t.algorithm != k.algorithm {
		return nil, fmt.Errorf("the algorithm is %s, but the key's is %s", t.algorithm, k.algorithm)
	}
	if err := k.verify(t.signed, t.signature); err != nil {
		return nil, err
	}
	if i.audience != "" {
		audience = i.audience
	}
	if err := checkAudience(t.claims, audience); err != nil {
		return nil, err
	}
	expires, err := a.checkTimes(t.claims, now)
	if err != nil {
		return nil, err
	}
	return a.principal(i, t.claims, expires)
}

// key finds the key that the token names. Only an issuer with one key may leave its name out.
func (i issuer) key(kid string) (key, error) {
	if kid == "" && len(i.keys) == 1 {
		for _, k := range i.keys {
			return k, nil
		}
	}
	if kid == "" {
		return key{}, errors.New("kid is missing, and the issuer has several keys")
	}
	k, known := i.keys[kid]
	if !known {
		return key{}, fmt.Errorf("the kid %.64q is unknown", kid)
	}
	return k, nil
}

func (a *authenticator) principal(i issuer, claims map[string]json.RawMessage, expires time.Time) (*abi.Principal, error) {
	subject, err := text(claims, "sub")
	if err != nil {
		return nil, err
	}
	p := &abi.Principal{ID: i.prefix + subject, Expires: expires.Format(time.RFC3339)}
	if err := checkPrincipal(p.ID); err != nil {
		return nil, fmt.Errorf("sub: %w", err)
	}
	if p.ID == a.anonymous {
		return nil, errors.New("sub: this is the name of callers without credential")
	}
	for _, name := range i.claims {
		if raw, has := claims[name]; has {
			if p.Claims == nil {
				p.Claims = map[string]json.RawMessage{}
			}
			p.Claims[name] = raw
		}
	}
	return p, nil
}
