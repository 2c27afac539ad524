package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"
)

// The test's own issuer: JWS and JWK from the RFCs, sharing no code with the plugin.

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

type members = map[string]any

// A signer makes the signature part over header.payload.
type signer func(message []byte) []byte

func (s signer) token(header, payload string) string {
	message := b64([]byte(header)) + "." + b64([]byte(payload))
	return message + "." + b64(s([]byte(message)))
}

func unsigned([]byte) []byte { return nil }

func edSigner(seed string) (signer, members) {
	sum := sha256.Sum256([]byte(seed))
	private := ed25519.NewKeyFromSeed(sum[:])
	public := private.Public().(ed25519.PublicKey)
	return func(message []byte) []byte { return ed25519.Sign(private, message) },
		members{"kty": "OKP", "crv": "Ed25519", "kid": seed, "x": b64(public)}
}

// An ecKey signs in whatever form a test asks for.
type ecKey struct{ *ecdsa.PrivateKey }

func newECKey(t *testing.T) ecKey {
	scalar := sha256.Sum256([]byte("ec"))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		t.Fatal(err)
	}
	return ecKey{k}
}

func (k ecKey) jwk(t *testing.T, kid string) members {
	point, err := k.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return members{"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(point[1:33]), "y": b64(point[33:])}
}

func (k ecKey) numbers(message []byte) (r, s *big.Int) {
	digest := sha256.Sum256(message)
	r, s, err := ecdsa.Sign(rand.Reader, k.PrivateKey, digest[:])
	if err != nil {
		panic(err)
	}
	return r, s
}

func (k ecKey) sign(message []byte) []byte {
	r, s := k.numbers(message)
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

func (k ecKey) signASN1(message []byte) []byte {
	digest := sha256.Sum256(message)
	signature, err := k.PrivateKey.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return signature
}

func hmacSigner(secret []byte) signer {
	return func(message []byte) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write(message)
		return h.Sum(nil)
	}
}

// with returns the JSON object base with members replaced, added, or left out where the value is nil.
func with(base members, changes members) string {
	all := members{}
	for _, m := range []members{base, changes} {
		for name, value := range m {
			if all[name] = value; value == nil {
				delete(all, name)
			}
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(text)
}
