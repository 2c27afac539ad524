package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"
)

const maxKid = 128

// A jwk is a public key as RFC 7517 and RFC 8037 write it.
type jwk struct {
	Kty    string   `json:"kty"`
	Crv    string   `json:"crv"`
	Kid    string   `json:"kid"`
	X      string   `json:"x"`
	Y      string   `json:"y"`
	Alg    string   `json:"alg"`
	Use    string   `json:"use"`
	KeyOps []string `json:"key_ops"`
	D      string   `json:"d"` // known only to be refused with a word
}

// A key checks signatures of exactly one algorithm.
type key struct {
	algorithm string
	material  string // the public key's bytes, to compare
	verify    func(message, signature []byte) error
}

// parse refuses keys of other kinds, for other uses, private ones, points off the curve and points of small order.
func (j jwk) parse() (key, error) {
	switch {
	case j.D != "":
		return key{}, errors.New("this is a private key; it belongs to the issuer alone")
	case j.Kid == "" || len(j.Kid) > maxKid:
		return key{}, fmt.Errorf("kid has %d bytes, not 1 to %d", len(j.Kid), maxKid)
	case j.Use != "" && j.Use != "sig":
		return key{}, fmt.Errorf("use is %q, not sig", j.Use)
	case len(j.KeyOps) > 1 || len(j.KeyOps) == 1 && j.KeyOps[0] != "verify":
		return key{}, fmt.Errorf("key_ops is %q, not verify alone", j.KeyOps)
	}
	var k key
	var err error
	switch j.Kty + " " + j.Crv {
	case "OKP Ed25519":
		k, err = j.ed25519()
	case "EC P-256":
		k, err = j.p256()
	default:
		return key{}, fmt.Errorf("kty %q with crv %q is neither OKP with Ed25519 nor EC with P-256", j.Kty, j.Crv)
	}
	if err == nil && j.Alg != "" && j.Alg != k.algorithm {
		err = fmt.Errorf("alg is %q where such a key has %q", j.Alg, k.algorithm)
	}
	return k, err
}

func (j jwk) ed25519() (key, error) {
	x, err := coordinate("x", j.X)
	if err != nil {
		return key{}, err
	}
	if j.Y != "" {
		return key{}, errors.New("an Ed25519 key has no y")
	}
	if smallOrder(x) {
		return key{}, errors.New("x is a point of small order: anyone could sign for it")
	}
	public := ed25519.PublicKey(x)
	return key{algorithm: algorithmEdDSA, material: string(x), verify: func(message, signature []byte) error {
		return verifyEdDSA(public, message, signature)
	}}, nil
}

func (j jwk) p256() (key, error) {
	x, err := coordinate("x", j.X)
	if err != nil {
		return key{}, err
	}
	y, err := coordinate("y", j.Y)
	if err != nil {
		return key{}, err
	}
	point := append(append([]byte{4}, x...), y...)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return key{}, errors.New("x and y are no point of P-256")
	}
	return key{algorithm: algorithmES256, material: string(point), verify: func(message, signature []byte) error {
		return verifyES256(public, message, signature)
	}}, nil
}

func coordinate(name, text string) ([]byte, error) {
	b, err := decodeBase64(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) != 32 {
		return nil, fmt.Errorf("%s has %d bytes, not 32", name, len(b))
	}
	return b, nil
}
