package main

import (
	"strings"
)

// badHeaders attack the choice of key and algorithm.
func (w world) badHeaders() []tokenCase {
	bad := func(name, refusal, token string) tokenCase {
		return tokenCase{name: name, refusal: refusal, token: token}
	}
	ed := func(name, refusal, header string) tokenCase {
		return bad(name, refusal, w.ed.token(header, payload(nil)))
	}
	return []tokenCase{
		bad("alg none", `algorithm is "none"`, signer(unsigned).token(edHeader(members{"alg": "none"}), payload(nil))),
		bad("alg None", `algorithm is "None"`, signer(unsigned).token(edHeader(members{"alg": "None"}), payload(nil))),
		bad("alg nOnE", `algorithm is "nOnE"`, signer(unsigned).token(edHeader(members{"alg": "nOnE"}), payload(nil))),
		ed("alg none over a good signature", `algorithm is "none"`, edHeader(members{"alg": "none"})),
		ed("alg in another case", `algorithm is "eddsa"`, edHeader(members{"alg": "eddsa"})),
		ed("no alg", "alg is missing", edHeader(members{"alg": nil})),
		ed("alg null", "alg is no string", `{"alg":null,"kid":"ed"}`),
		ed("alg a list", "alg is no string", `{"alg":["EdDSA"],"kid":"ed"}`),
		bad("HS256 with the public key as secret", `algorithm is "HS256"`, hmacSigner(w.edPublic).token(edHeader(members{"alg": "HS256"}), payload(nil))),
		bad("HMAC said to be EdDSA", "64", hmacSigner(w.edPublic).token(edHeader(nil), payload(nil))),
		ed("alg of another key", "the key's is EdDSA", edHeader(members{"alg": "ES256"})),
		bad("key of another alg", "the key's is ES256", signer(w.ec.sign).token(ecHeader(members{"alg": "EdDSA"}), payload(nil))),
		ed("RS256", `algorithm is "RS256"`, edHeader(members{"alg": "RS256"})),
		ed("ES256K", `algorithm is "ES256K"`, edHeader(members{"alg": "ES256K"})),
		ed("unknown kid", `kid "../../dev/null" is unknown`, edHeader(members{"kid": "../../dev/null"})),
		ed("kid of SQL", "is unknown", edHeader(members{"kid": "ed' OR '1'='1"})),
		ed("kid of another issuer", `kid "other" is unknown`, edHeader(members{"kid": "other"})),
		ed("no kid, several keys", "kid is missing", edHeader(members{"kid": nil})),
		ed("kid null", "kid is no string", `{"alg":"EdDSA","kid":null}`),
		ed("kid empty", "kid is no string", edHeader(members{"kid": ""})),
		ed("kid a number", "kid is no string", edHeader(members{"kid": 1})),
		bad("another key of the same kind", "signature is wrong", w.stranger.token(edHeader(nil), payload(nil))),
		bad("jwk of the attacker", `"jwk"`, w.stranger.token(edHeader(members{"jwk": members{"kty": "OKP", "crv": "Ed25519", "x": b64(w.edPublic)}}), payload(nil))),
		ed("jku", `"jku"`, edHeader(members{"jku": "https://attacker.example/keys"})),
		ed("x5u", `"x5u"`, edHeader(members{"x5u": "https://attacker.example/cert"})),
		ed("x5c", `"x5c"`, edHeader(members{"x5c": []string{"MIIB"}})),
		ed("crit", `"crit"`, edHeader(members{"crit": []string{"exp"}})),
		ed("b64 false", `"b64"`, edHeader(members{"b64": false})),
		ed("zip", `"zip"`, edHeader(members{"zip": "DEF"})),
		ed("ALG beside alg", `"ALG"`, edHeader(members{"ALG": "none"})),
		ed("duplicate alg", "duplicate name", `{"alg":"EdDSA","alg":"EdDSA","kid":"ed"}`),
		ed("duplicate kid, escaped", "duplicate name", `{"alg":"EdDSA","kid":"ed","k\u0069d":"ec"}`),
		ed("typ of a logout token", `type is "logout+jwt"`, edHeader(members{"typ": "logout+jwt"})),
		ed("typ null", "typ is no string", `{"alg":"EdDSA","kid":"ed","typ":null}`),
		ed("header null", "header: ", `null`),
		ed("header a list", "header: ", `["alg"]`),
		ed("header of two values", "header: ", edHeader(nil)+edHeader(nil)),
		ed("header of no JSON", "header: ", `alg=EdDSA`),
	}
}

// badPayloads carry a good signature over claims that don't hold.
func (w world) badPayloads() []tokenCase {
	raw := func(name, refusal, payload string) tokenCase {
		return tokenCase{name: name, refusal: refusal, token: w.ed.token(edHeader(nil), payload)}
	}
	bad := func(name, refusal string, changes members) tokenCase { return raw(name, refusal, payload(changes)) }
	deep := strings.Repeat("[", 64) + strings.Repeat("]", 64)
	return []tokenCase{
		bad("expired", "expired at 2026-08-19T11:59:59Z", members{"exp": now - 1}),
		bad("expired this second", "expired", members{"exp": now}),
		bad("no exp", "exp is missing", members{"exp": nil}),
		bad("no iat", "iat is missing", members{"iat": nil}),
		bad("exp before iat", "exp is not after iat", members{"exp": issued}),
		bad("lives a second too long", "longer than 1h0m0s", members{"exp": issued + 3601}),
		bad("lives for ever", "longer than", members{"exp": 253402300799}),
		bad("exp beyond time", "exp is no whole number", members{"exp": 253402300800}),
		raw("exp of a huge exponent", "exp is no whole number", strings.Replace(payload(nil), `"exp":1787141400`, `"exp":1e999`, 1)),
		raw("exp with a fraction", "exp is no whole number", strings.Replace(payload(nil), `"exp":1787141400`, `"exp":1787141400.5`, 1)),
		bad("exp a string", "exp is no whole number", members{"exp": "1787141400"}),
		bad("exp negative", "exp is no whole number", members{"exp": -1}),
		raw("exp null", "exp is no whole number", strings.Replace(payload(nil), `"exp":1787141400`, `"exp":null`, 1)),
		bad("issued in the future", "iat lies in the future", members{"iat": now + 31, "nbf": nil}),
		bad("not yet valid", "nbf lies in the future", members{"nbf": now + 31}),
		bad("nbf a string", "nbf is no whole number", members{"nbf": "0"}),
		bad("another audience", "another audience", members{"aud": "elsewhere"}),
		bad("audience in another case", "another audience", members{"aud": "Bulkhead"}),
		bad("audience that begins alike", "another audience", members{"aud": "bulkhead2"}),
		bad("other audiences", "another audience", members{"aud": []string{"a", "b"}}),
		bad("no audiences", "another audience", members{"aud": []string{}}),
		bad("audiences of mixed types", "another audience", members{"aud": []any{"bulkhead", 1}}),
		bad("audience an object", "another audience", members{"aud": members{"bulkhead": 1}}),
		bad("no audience", "aud is missing", members{"aud": nil}),
		bad("another issuer", `issuer "urn:stranger" is unknown`, members{"iss": "urn:stranger"}),
		bad("an issuer that has not this key", `kid "ed" is unknown`, members{"iss": "urn:other"}),
		bad("no issuer", "iss is missing", members{"iss": nil}),
		bad("issuer a list", "iss is no string", members{"iss": []string{"urn:bulkhead:dev"}}),
		bad("no subject", "sub is missing", members{"sub": nil}),
		bad("empty subject", "sub is no string", members{"sub": ""}),
		bad("subject with a space", "printable ASCII", members{"sub": "alice bob"}),
		bad("subject with a line end", "printable ASCII", members{"sub": "alice\n"}),
		bad("subject beyond ASCII", "printable ASCII", members{"sub": "\u0430lice"}),
		bad("long subject", "1 to 256 bytes", members{"sub": strings.Repeat("a", 253)}),
		bad("EXP beside exp", `"EXP" is not exactly exp`, members{"EXP": now + 9999}),
		bad("Sub beside sub", `"Sub" is not exactly sub`, members{"Sub": "root"}),
		raw("duplicate sub", "duplicate name", `{"sub":"root",`+payload(nil)[1:]),
		raw("duplicate name deeper", "duplicate name", `{"x":{"a":1,"a":2},`+payload(nil)[1:]),
		raw("too deep", "deeper", `{"x":`+deep+`,`+payload(nil)[1:]),
		raw("data after the payload", "payload: ", payload(nil)+"{}"),
		raw("payload null", "payload: ", "null"),
		raw("payload a string", "payload: ", `"sub"`),
		raw("invalid UTF-8", "payload: ", "{\"x\":\"\xff\","+payload(nil)[1:]),
		raw("lone surrogate", "payload: ", `{"x":"\ud800",`+payload(nil)[1:]),
	}
}
