package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// DevelopmentIssuer is the issuer of every token that MintToken makes.
const DevelopmentIssuer = "urn:bulkhead:dev"

// MaxTokenLifetime is the longest life of a token.
const MaxTokenLifetime = time.Hour

// A TokenKey is the private half of a token key: plain Ed25519, because its signatures are JWTs (RFC 8037). It is
// safe for concurrent use.
type TokenKey struct {
	Info
	private ed25519.PrivateKey
}

// String returns the key id, so that no format verb reaches the seed.
func (k TokenKey) String() string { return "token key " + k.KeyID }

// GoString is String.
func (k TokenKey) GoString() string { return k.String() }

// JWK returns the public half of a token key as a JSON Web Key (RFC 7517, RFC 8037) whose kid is the key id, and an error
// for a key of any other purpose: composite keys have no JWK form.
func (i Info) JWK() (json.RawMessage, error) {
	if i.Purpose != Token {
		return nil, fmt.Errorf("a %s key has no JWK form, only token keys do", i.Purpose)
	}
	return json.Marshal(map[string]string{
		"kty": "OKP", "crv": "Ed25519", "alg": AlgorithmEdDSA, "use": "sig",
		"kid": i.KeyID, "x": base64.RawURLEncoding.EncodeToString(i.Raw),
	})
}

// Claims is what a minted token says beside its issuer, its times and its id.
type Claims struct {
	Subject  string
	Audience string
	Issued   time.Time         // iat and nbf
	Lifetime time.Duration     // more than 0, at most MaxTokenLifetime
	Extra    map[string]string // more claims, such as role; none of the registered names
}

// MintToken makes an EdDSA JWT (RFC 7519) with the claims iss, sub, aud, iat, nbf, exp and jti. It serves development: a
// key that is not a development key is refused.
func MintToken(k *TokenKey, c Claims) (string, error) {
	if k == nil || !k.Development {
		return "", errors.New("minting a token: not a development key\nhint: tokens for real callers come from your identity provider; `host key new --purpose token --development` makes a key for trying things out")
	}
	if c.Subject == "" || c.Audience == "" || c.Issued.IsZero() {
		return "", errors.New("minting a token: subject, audience and time of issue are required")
	}
	// NumericDate counts whole seconds here, so a shorter life would be no life.
	if c.Lifetime < time.Second || c.Lifetime > MaxTokenLifetime {
		return "", fmt.Errorf("minting a token: lifetime %v is not between 1s and %v", c.Lifetime, MaxTokenLifetime)
	}
	claims := map[string]any{
		"iss": DevelopmentIssuer, "sub": c.Subject, "aud": c.Audience, "jti": rand.Text(),
		"iat": c.Issued.Unix(), "nbf": c.Issued.Unix(), "exp": c.Issued.Add(c.Lifetime).Unix(),
	}
	for _, name := range slices.Sorted(maps.Keys(c.Extra)) {
		if _, ok := claims[name]; ok || name == "" {
			return "", fmt.Errorf("minting a token: the claim %q cannot be set", name)
		}
		claims[name] = c.Extra[name]
	}
	return k.sign(claims)
}

func (k *TokenKey) sign(claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": AlgorithmEdDSA, "typ": "JWT", "kid": k.KeyID})
	if err != nil {
		return "", fmt.Errorf("encoding the token's header: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encoding the token's claims: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode(header) + "." + encode(body)
	return signed + "." + encode(ed25519.Sign(k.private, []byte(signed))), nil
}
