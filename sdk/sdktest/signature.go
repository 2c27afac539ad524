package sdktest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"bulkhead/abi"
)

// signatureSize is that of the host's composite signatures, so that a plugin which expects less room fails here.
const signatureSize = 3373

// sign pads an Ed25519 signature to the size of a real one. The keys are derived from their slots: worthless, and equal
// in every run.
func (h *Host) sign(slot uint32, message []byte) ([]byte, error) {
	switch {
	case int64(slot) >= int64(h.config.Keys):
		return nil, abi.ErrNotFound
	case len(message) > abi.MaxSignInput:
		return nil, abi.ErrLimit
	}
	signature := make([]byte, signatureSize)
	copy(signature, ed25519.Sign(key(slot), message))
	return signature, nil
}

// Verify reports whether signature is this host's over message, by the key of slot.
func (h *Host) Verify(slot uint32, message, signature []byte) bool {
	if len(signature) != signatureSize {
		return false
	}
	for _, b := range signature[ed25519.SignatureSize:] {
		if b != 0 {
			return false
		}
	}
	public := key(slot).Public().(ed25519.PublicKey)
	return ed25519.Verify(public, message, signature[:ed25519.SignatureSize])
}

func key(slot uint32) ed25519.PrivateKey {
	seed := sha256.Sum256(fmt.Appendf(nil, "bulkhead/sdktest/v1/%d", slot))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (h *Host) attest(nonce []byte) ([]byte, error) {
	if len(nonce) < abi.MinNonce || len(nonce) > abi.MaxNonce {
		return nil, abi.ErrInvalid
	}
	return h.Evidence(nonce), nil
}

// Evidence returns what Attest gives for nonce: a JSON object that claims nothing, as long as real evidence may be.
func (h *Host) Evidence(nonce []byte) []byte {
	evidence, _ := json.Marshal(map[string]string{ // strings always encode
		"kind":    "sdktest",
		"nonce":   hex.EncodeToString(nonce),
		"padding": string(bytes.Repeat([]byte{'='}, 12<<10)),
	})
	return evidence
}
