package keys

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func tokenKey(t *testing.T, development bool) *TokenKey {
	t.Helper()
	folder := t.TempDir()
	if _, err := Create(folder, "t", Token, development); err != nil {
		t.Fatal(err)
	}
	k, err := ReadToken(filepath.Join(folder, "t.key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func goodClaims() Claims {
	return Claims{Subject: "alice", Audience: "urn:host", Issued: time.Unix(1000, 700), Lifetime: time.Hour, Extra: map[string]string{"role": "inspector"}}
}

// The token is checked with nothing but the JWK, as auth-jwt would.
func TestMintToken(t *testing.T) {
	k := tokenKey(t, true)
	token, err := MintToken(k, goodClaims())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := k.JWK()
	if err != nil {
		t.Fatal(err)
	}
	var jwk struct{ Kty, Crv, Kid, X string }
	do(t, json.Unmarshal(raw, &jwk))
	if jwk.Kty != "OKP" || jwk.Crv != "Ed25519" || jwk.Kid != k.KeyID {
		t.Errorf("JWK %s", raw)
	}
	public, err := base64.RawURLEncoding.DecodeString(jwk.X)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a JWT of %d parts", len(parts))
	}
	var decoded [3][]byte
	for i, p := range parts {
		if decoded[i], err = base64.RawURLEncoding.DecodeString(p); err != nil {
			t.Fatal(err)
		}
	}
	if !ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), decoded[2]) {
		t.Error("the token's signature does not verify with its JWK")
	}
	if want := fmt.Sprintf(`{"alg":"EdDSA","kid":%q,"typ":"JWT"}`, k.KeyID); string(decoded[0]) != want {
		t.Errorf("header %s, want %s", decoded[0], want)
	}
	var claims map[string]any
	do(t, json.Unmarshal(decoded[1], &claims))
	for name, want := range map[string]any{"iss": "urn:bulkhead:dev", "sub": "alice", "aud": "urn:host", "iat": 1000.0, "nbf": 1000.0, "exp": 4600.0, "role": "inspector"} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if id, _ := claims["jti"].(string); len(id) < 20 || len(claims) != 8 {
		t.Errorf("claims %v", claims)
	}
}

func TestMintTokenRefuses(t *testing.T) {
	k := tokenKey(t, true)
	with := func(change func(*Claims)) Claims { c := goodClaims(); change(&c); return c }
	for _, c := range []struct {
		name   string
		key    *TokenKey
		claims Claims
	}{
		{"no key", nil, goodClaims()},
		{"not a development key", tokenKey(t, false), goodClaims()},
		{"longer than an hour", k, with(func(c *Claims) { c.Lifetime += time.Nanosecond })},
		{"no life", k, with(func(c *Claims) { c.Lifetime = 0 })},
		{"less than a second", k, with(func(c *Claims) { c.Lifetime = time.Millisecond })},
		{"negative life", k, with(func(c *Claims) { c.Lifetime = -time.Hour })},
		{"no subject", k, with(func(c *Claims) { c.Subject = "" })},
		{"no audience", k, with(func(c *Claims) { c.Audience = "" })},
		{"no time", k, with(func(c *Claims) { c.Issued = time.Time{} })},
		{"another issuer", k, with(func(c *Claims) { c.Extra = map[string]string{"iss": "https://real"} })},
		{"another end", k, with(func(c *Claims) { c.Extra = map[string]string{"exp": "9999999999"} })},
		{"nameless claim", k, with(func(c *Claims) { c.Extra = map[string]string{"": "x"} })},
	} {
		if token, err := MintToken(c.key, c.claims); err == nil {
			t.Errorf("%s: minted %s", c.name, token)
		}
	}
}

func TestJWKOfComposite(t *testing.T) {
	_, info := create(t, "k", Sign)
	if jwk, err := info.JWK(); err == nil {
		t.Errorf("a composite key has the JWK %s", jwk)
	}
}

func TestPrintingHidesTokenSeed(t *testing.T) {
	k := tokenKey(t, true)
	for _, text := range []string{fmt.Sprintf("%v %+v", k, *k), fmt.Sprintf("%#v", *k)} {
		if strings.Contains(text, "private") || len(text) > 200 {
			t.Errorf("more than the key id: %.200q", text)
		}
	}
}
