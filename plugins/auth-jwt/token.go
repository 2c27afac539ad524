package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"bulkhead/sdk"
)

const maxToken = 8 << 10

// A token is a JWS in compact form (RFC 7515 section 7.1), taken apart and not yet believed.
type token struct {
	algorithm string
	kid       string // "" if the header has none
	claims    map[string]json.RawMessage
	signed    []byte // what the signature is over
	signature []byte
}

func parseToken(text string) (token, error) {
	if len(text) > maxToken {
		return token{}, fmt.Errorf("the token has %d bytes, more than %d", len(text), maxToken)
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return token{}, fmt.Errorf("the token has %d parts, not 3", len(parts))
	}
	t := token{signed: []byte(parts[0] + "." + parts[1])}
	header, err := object("header", parts[0])
	if err != nil {
		return token{}, err
	}
	if err := t.readHeader(header); err != nil {
		return token{}, err
	}
	if t.claims, err = object("payload", parts[1]); err != nil {
		return token{}, err
	}
	if err := checkNames(t.claims); err != nil {
		return token{}, err
	}
	if t.signature, err = decodeBase64(parts[2]); err != nil {
		return token{}, fmt.Errorf("signature: %w", err)
	}
	return t, nil
}

// object decodes a part that is a JSON object, one value, without duplicate names at any depth.
func object(name, part string) (map[string]json.RawMessage, error) {
	text, err := decodeBase64(part)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var members map[string]json.RawMessage
	if err := sdk.Decode(text, &members); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return members, nil
}

// readHeader knows alg, kid and typ. Any other member is refused, above all those that bring a key along or change what
// is signed: jwk, jku, x5u, x5c, crit, b64.
func (t *token) readHeader(header map[string]json.RawMessage) (err error) {
	for name := range header {
		if name != "alg" && name != "kid" && name != "typ" {
			return fmt.Errorf("the header has %.64q; only alg, kid and typ are accepted", name)
		}
	}
	if t.algorithm, err = text(header, "alg"); err != nil {
		return err
	}
	if t.algorithm != algorithmEdDSA && t.algorithm != algorithmES256 {
		return fmt.Errorf("the algorithm is %.64q; only EdDSA and ES256 are accepted", t.algorithm)
	}
	if _, has := header["kid"]; has {
		if t.kid, err = text(header, "kid"); err != nil {
			return err
		}
	}
	if _, has := header["typ"]; !has {
		return nil
	}
	typ, err := text(header, "typ")
	if err != nil {
		return err
	}
	return checkType(typ)
}

// checkType knows tokens that are meant for access. Others, such as logout+jwt, are not (RFC 8725 section 3.11).
func checkType(typ string) error {
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "jwt", "at+jwt":
		return nil
	}
	return fmt.Errorf("the type is %.64q; only JWT and at+jwt are accepted", typ)
}

// text returns a member that must be a string and not empty.
func text(members map[string]json.RawMessage, name string) (string, error) {
	raw, has := members[name]
	if !has {
		return "", fmt.Errorf("%s is missing", name)
	}
	var s string
	if err := sdk.Decode(raw, &s); err != nil || s == "" {
		return "", fmt.Errorf("%s is no string or an empty one", name)
	}
	return s, nil
}

// decodeBase64 takes base64url without padding in the one form that encoding gives: no line ends, no stray bits.
func decodeBase64(text string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodeToString(b) != text {
		return nil, errors.New("not canonical base64url")
	}
	return b, nil
}
