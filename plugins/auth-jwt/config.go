package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"bulkhead/sdk"
)

const (
	maxIssuers  = 32
	maxKeys     = 16
	maxClaims   = 64
	maxLeeway   = time.Minute
	maxLifetime = time.Hour
)

// A settings is the operator's config as written.
type settings struct {
	Issuers     map[string]issuerSettings `json:"issuers"`
	Anonymous   *anonymousSettings        `json:"anonymous"`
	Leeway      string                    `json:"leeway"`
	MaxLifetime string                    `json:"max_lifetime"`
}

type issuerSettings struct {
	Keys     []jwk    `json:"keys"`
	Audience string   `json:"audience"`
	Prefix   string   `json:"prefix"`
	Claims   []string `json:"claims"`
}

type anonymousSettings struct {
	ID string `json:"id"`
}

// An authenticator is the config, understood.
type authenticator struct {
	issuers   map[string]issuer
	anonymous string // principal of callers without credential, "" for none
	leeway    time.Duration
	lifetime  time.Duration
}

// An issuer is who may sign tokens, and for whom.
type issuer struct {
	keys     map[string]key // by kid
	audience string         // "": the audience that the host names in the request
	prefix   string         // put before sub to make the principal
	claims   []string       // what goes from the token into the principal
}

func configure(config []byte) (*authenticator, error) {
	var s settings
	if err := sdk.Decode(config, &s); err != nil {
		return nil, fmt.Errorf("decoding config: %w", err)
	}
	if len(s.Issuers) == 0 && s.Anonymous == nil {
		return nil, errors.New("config has neither issuers nor anonymous: nobody could call")
	}
	if len(s.Issuers) > maxIssuers {
		return nil, fmt.Errorf("issuers: %d are more than %d", len(s.Issuers), maxIssuers)
	}
	a := &authenticator{issuers: map[string]issuer{}}
	var err error
	if a.leeway, err = duration("leeway", s.Leeway, 30*time.Second, 0, maxLeeway); err != nil {
		return nil, err
	}
	if a.lifetime, err = duration("max_lifetime", s.MaxLifetime, maxLifetime, time.Second, maxLifetime); err != nil {
		return nil, err
	}
	for name, i := range s.Issuers {
		if a.issuers[name], err = i.understand(name); err != nil {
			return nil, fmt.Errorf("issuers.%q: %w", name, err)
		}
	}
	if s.Anonymous != nil {
		if err := checkPrincipal(s.Anonymous.ID); err != nil {
			return nil, fmt.Errorf("anonymous.id: %w", err)
		}
		a.anonymous = s.Anonymous.ID
	}
	return a, a.separate()
}

func duration(name, text string, standard, least, most time.Duration) (time.Duration, error) {
	if text == "" {
		return standard, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > most {
		return 0, fmt.Errorf("%s: %q is no duration from %v to %v", name, text, least, most)
	}
	return d, nil
}

func (s issuerSettings) understand(name string) (issuer, error) {
	i := issuer{keys: map[string]key{}, audience: s.Audience, prefix: s.Prefix, claims: s.Claims}
	switch {
	case name == "":
		return i, errors.New("an issuer needs a name: the token's iss")
	case len(s.Keys) == 0 || len(s.Keys) > maxKeys:
		return i, fmt.Errorf("keys: %d where 1 to %d belong", len(s.Keys), maxKeys)
	case len(s.Claims) > maxClaims:
		return i, fmt.Errorf("claims: %d are more than %d", len(s.Claims), maxClaims)
	}
	if s.Prefix != "" {
		if err := checkPrincipal(s.Prefix); err != nil {
			return i, fmt.Errorf("prefix: %w", err)
		}
	}
	for n, j := range s.Keys {
		k, err := j.parse()
		if err != nil {
			return i, fmt.Errorf("keys[%d]: %w", n, err)
		}
		if _, twice := i.keys[j.Kid]; twice {
			return i, fmt.Errorf("keys[%d]: kid %q occurs twice", n, j.Kid)
		}
		i.keys[j.Kid] = k
	}
	return i, nil
}

// separate sees to it that no issuer can speak for another: none holds another's key, and no two can make the same
// principal.
func (a *authenticator) separate() error {
	owner := map[string]string{}
	for name, i := range a.issuers {
		for kid, k := range i.keys {
			if other, shared := owner[k.material]; shared {
				return fmt.Errorf("issuers.%q: key %q is also a key of issuer %q", name, kid, other)
			}
			owner[k.material] = name
		}
		for other, o := range a.issuers {
			if other != name && strings.HasPrefix(o.prefix, i.prefix) {
				return fmt.Errorf("issuers.%q and %q could name the same principal: give each a prefix that doesn't begin with the other's", name, other)
			}
		}
	}
	return nil
}
