package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/both"
)

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func oneIssuer(keys ...members) members {
	return members{"issuers": members{"urn:a": members{"keys": keys}}}
}

func change(base members, name string, value any) members {
	var out members
	if err := json.Unmarshal([]byte(with(base, members{name: value})), &out); err != nil {
		panic(err)
	}
	return out
}

func TestConfigure(t *testing.T) {
	_, ed := edSigner("ed")
	_, ed2 := edSigner("ed2")
	ec := newECKey(t).jwk(t, "ec")
	var many []members
	for i := range maxKeys + 1 {
		_, k := edSigner(fmt.Sprint(i))
		many = append(many, k)
	}
	two := func(prefixA, prefixB string, keyB members) members {
		return members{"issuers": members{"urn:a": members{"keys": []members{ed}, "prefix": prefixA}, "urn:b": members{"keys": []members{keyB}, "prefix": prefixB}}}
	}
	small := func(point string) members { return change(ed, "x", b64(unhex(t, point))) }
	cases := []struct {
		name    string
		config  any
		refusal string
	}{
		{"one key", oneIssuer(ed), ""},
		{"both kinds", oneIssuer(ed, ec), ""},
		{"what a JWK may say", oneIssuer(change(change(change(ed, "alg", "EdDSA"), "use", "sig"), "key_ops", []string{"verify"})), ""},
		{"anonymous only", members{"anonymous": members{"id": "guest"}}, ""},
		{"all settings", change(change(oneIssuer(ed), "leeway", "0s"), "max_lifetime", "10m"), ""},
		{"two issuers", two("a/", "b/", ed2), ""},
		{"nothing", members{}, "nobody could call"},
		{"unknown member", change(oneIssuer(ed), "issuer", "x"), `unknown name "issuer"`},
		{"unknown member of an issuer", members{"issuers": members{"urn:a": members{"keys": []members{ed}, "jwks_uri": "https://x"}}}, `unknown name "jwks_uri"`},
		{"unknown member of a key", oneIssuer(change(ed, "x5c", []string{"x"})), `unknown name "x5c"`},
		{"issuer without name", members{"issuers": members{"": members{"keys": []members{ed}}}}, "needs a name"},
		{"no keys", oneIssuer(), "keys: 0"},
		{"too many keys", oneIssuer(many...), "keys: 17"},
		{"leeway too long", change(oneIssuer(ed), "leeway", "61s"), "leeway"},
		{"leeway negative", change(oneIssuer(ed), "leeway", "-1s"), "leeway"},
		{"leeway of no unit", change(oneIssuer(ed), "leeway", "30"), "leeway"},
		{"lifetime too long", change(oneIssuer(ed), "max_lifetime", "61m"), "max_lifetime"},
		{"lifetime of nothing", change(oneIssuer(ed), "max_lifetime", "0s"), "max_lifetime"},
		{"reserved prefix", two("host/", "b/", ed2), "prefix"},
		{"prefix with a space", two("a ", "b/", ed2), "prefix"},
		{"two issuers without prefix", two("", "", ed2), "same principal"},
		{"two issuers, one without prefix", two("a/", "", ed2), "same principal"},
		{"a prefix of a prefix", two("a/", "a/b/", ed2), "same principal"},
		{"issuers that share a key", two("a/", "b/", change(ed, "kid", "other")), "also a key of"},
		{"key under two names", oneIssuer(ed, change(ed, "kid", "again")), "also a key of"},
		{"kid twice", oneIssuer(ed, change(ed2, "kid", "ed")), "occurs twice"},
		{"no kid", oneIssuer(change(ed, "kid", nil)), "kid"},
		{"long kid", oneIssuer(change(ed, "kid", strings.Repeat("k", 129))), "kid"},
		{"private key", oneIssuer(change(ed, "d", b64(make([]byte, 32)))), "private key"},
		{"key for encryption", oneIssuer(change(ed, "use", "enc")), "use"},
		{"key for signing", oneIssuer(change(ed, "key_ops", []string{"sign", "verify"})), "key_ops"},
		{"alg of another kind", oneIssuer(change(ed, "alg", "ES256")), "alg is"},
		{"alg none", oneIssuer(change(ed, "alg", "none")), "alg is"},
		{"RSA", oneIssuer(members{"kty": "RSA", "kid": "r"}), "neither"},
		{"symmetric", oneIssuer(members{"kty": "oct", "kid": "r"}), "neither"},
		{"X25519", oneIssuer(change(ed, "crv", "X25519")), "neither"},
		{"P-384", oneIssuer(change(ec, "crv", "P-384")), "neither"},
		{"no x", oneIssuer(change(ed, "x", nil)), "x has 0 bytes"},
		{"short x", oneIssuer(change(ed, "x", b64(make([]byte, 31)))), "x has 31 bytes"},
		{"x with padding", oneIssuer(change(ed, "x", ed["x"].(string)+"=")), "x: not canonical"},
		{"Ed25519 with y", oneIssuer(change(ed, "y", ed["x"])), "no y"},
		{"point off the curve", oneIssuer(change(ec, "y", ec["x"])), "no point"},
		{"point at infinity", oneIssuer(change(change(ec, "x", b64(make([]byte, 32))), "y", b64(make([]byte, 32)))), "no point"},
		{"coordinate beyond the field", oneIssuer(change(ec, "x", b64([]byte(strings.Repeat("\xff", 32))))), "no point"},
		{"P-256 without y", oneIssuer(change(ec, "y", nil)), "y has 0 bytes"},
		{"small order", oneIssuer(small("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")), "small order"},
		{"small order with sign bit", oneIssuer(small("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")), "small order"},
		{"anonymous without id", members{"anonymous": members{}}, "anonymous.id"},
		{"anonymous of the host", members{"anonymous": members{"id": "Host/x"}}, "the host's own"},
		{"anonymous true", members{"anonymous": true}, "decoding config"},
	}
	// Natively only: loading a guest takes the sandbox a second or so, for each of these configs.
	sdktest.Run(t, grants(), func(t *testing.T, p *sdktest.Plugin) {
		for _, c := range cases {
			err := p.Configure(c.config)
			switch {
			case c.refusal == "" && err != nil:
				t.Errorf("%s: %v", c.name, err)
			case c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)):
				t.Errorf("%s: got %v, want an error about %q", c.name, err, c.refusal)
			}
		}
	})
}

func TestConfigureRefusedInSandbox(t *testing.T) {
	both.Run(t, grants(), func(t *testing.T, p *sdktest.Plugin) {
		if err := p.Configure(nil); err == nil || !strings.Contains(err.Error(), "nobody could call") {
			t.Errorf("without config: got %v, want a refusal", err)
		}
	})
}
