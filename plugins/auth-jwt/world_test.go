package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk/sdktest"
)

const (
	now    = 1_787_140_800 // 2026-08-19T12:00:00Z
	issued = now - 60
)

// goodClaims are those of the development tokens.
func goodClaims() members {
	return members{"iss": "urn:bulkhead:dev", "sub": "alice", "aud": "bulkhead", "iat": issued, "nbf": issued, "exp": now + 600, "jti": "0190-1", "role": "operator"}
}

func bearer(token string) abi.AuthRequest {
	return abi.AuthRequest{
		Credential: &abi.Credential{Scheme: "bearer", Value: token},
		Transport:  "http", Peer: "127.0.0.1", Audience: "bulkhead", Now: "2026-08-19T12:00:00Z", Clock: abi.ClockTrusted,
	}
}

func grants() sdktest.Config { return sdktest.Config{Grants: abi.GrantsOf(abi.Log)} }

// A world is the keys that the table's tokens are signed with, and the config that knows the public halves: issuer
// urn:bulkhead:dev has an Ed25519 and a P-256 key, issuer urn:other one Ed25519 key.
type world struct {
	ed, other, stranger signer
	ec                  ecKey
	edPublic            []byte
	config              members
}

func newWorld(t *testing.T) world {
	w := world{ec: newECKey(t)}
	var edKey, otherKey members
	w.ed, edKey = edSigner("ed")
	w.other, otherKey = edSigner("other")
	w.stranger, _ = edSigner("stranger")
	w.edPublic, _ = base64.RawURLEncoding.DecodeString(edKey["x"].(string))
	w.config = members{"issuers": members{
		"urn:bulkhead:dev": members{"keys": []members{edKey, w.ec.jwk(t, "ec")}, "claims": []string{"role", "tags"}, "prefix": "dev/"},
		"urn:other":        members{"keys": []members{otherKey}, "prefix": "other/", "audience": "urn:gateway"},
	}}
	return w
}

// accepted is what a good token must come to.
type accepted struct{ id, expires, claims string }

type tokenCase struct {
	name    string
	token   string
	refusal string // "": accepted as want
	want    accepted
}

func edHeader(changes members) string { return with(members{"alg": "EdDSA", "kid": "ed"}, changes) }
func ecHeader(changes members) string { return with(members{"alg": "ES256", "kid": "ec"}, changes) }
func payload(changes members) string  { return with(goodClaims(), changes) }

func (w world) goodTokens() []tokenCase {
	alice := accepted{"dev/alice", "2026-08-19T12:10:00Z", `{"role":"operator"}`}
	ok := func(name, token string, want accepted) tokenCase {
		return tokenCase{name: name, token: token, want: want}
	}
	return []tokenCase{
		ok("EdDSA", w.ed.token(edHeader(nil), payload(nil)), alice),
		ok("ES256", signer(w.ec.sign).token(ecHeader(nil), payload(nil)), alice),
		ok("typ JWT", w.ed.token(edHeader(members{"typ": "JWT"}), payload(nil)), alice),
		ok("typ at+jwt", w.ed.token(edHeader(members{"typ": "application/at+JWT"}), payload(nil)), alice),
		ok("one of several audiences", w.ed.token(edHeader(nil), payload(members{"aud": []string{"x", "bulkhead"}})), alice),
		ok("no nbf", w.ed.token(edHeader(nil), payload(members{"nbf": nil})), alice),
		ok("white space in JSON", w.ed.token(" "+edHeader(nil)+"\n", "\t"+payload(nil)), alice),
		ok("issuer's clock a little ahead", w.ed.token(edHeader(nil), payload(members{"iat": now + 30, "nbf": now + 30})), alice),
		ok("a second left", w.ed.token(edHeader(nil), payload(members{"exp": now + 1})), accepted{"dev/alice", "2026-08-19T12:00:01Z", `{"role":"operator"}`}),
		ok("the longest life", w.ed.token(edHeader(nil), payload(members{"exp": issued + 3600})), accepted{"dev/alice", "2026-08-19T12:59:00Z", `{"role":"operator"}`}),
		ok("only listed claims", w.ed.token(edHeader(nil), payload(members{"role": nil, "tags": []int{1}, "admin": true})), accepted{"dev/alice", "2026-08-19T12:10:00Z", `{"tags":[1]}`}),
		ok("no listed claim", w.ed.token(edHeader(nil), payload(members{"role": nil})), accepted{"dev/alice", "2026-08-19T12:10:00Z", `null`}),
		ok("the longest name", w.ed.token(edHeader(nil), payload(members{"sub": strings.Repeat("a", 252)})), accepted{"dev/" + strings.Repeat("a", 252), "2026-08-19T12:10:00Z", `{"role":"operator"}`}),
		ok("another issuer's own audience, its only key unnamed", w.other.token(`{"alg":"EdDSA"}`, payload(members{"iss": "urn:other", "aud": "urn:gateway"})), accepted{"other/alice", "2026-08-19T12:10:00Z", `null`}),
	}
}
