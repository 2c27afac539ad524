package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
)

// The algorithms, as alg names them.
const (
	algorithmEdDSA = "EdDSA"
	algorithmES256 = "ES256"
)

const signatureSize = 64 // of both algorithms

var errSignature = errors.New("the signature is wrong")

func verifyEdDSA(public ed25519.PublicKey, message, signature []byte) error {
	if len(signature) != signatureSize {
		return fmt.Errorf("an EdDSA signature has %d bytes, not %d", signatureSize, len(signature))
	}
	if !ed25519.Verify(public, message, signature) {
		return errSignature
	}
	return nil
}

// verifyES256 takes r and s, 32 bytes each (RFC 7518 section 3.4), never ASN.1.
func verifyES256(public *ecdsa.PublicKey, message, signature []byte) error {
	if len(signature) != signatureSize {
		return fmt.Errorf("an ES256 signature has %d bytes, r and s, not %d", signatureSize, len(signature))
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if r.Sign() == 0 || s.Sign() == 0 {
		return errors.New("r or s of the ES256 signature is zero")
	}
	digest := sha256.Sum256(message)
	if !ecdsa.Verify(public, digest[:], r, s) {
		return errSignature
	}
	return nil
}
