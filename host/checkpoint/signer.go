package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"bulkhead/host/keys"
)

// A Signer signs for one log. It is immutable and safe for concurrent use. Whoever holds it MUST NOT sign two heads of
// which one does not contain the other: nothing here remembers what was signed.
type Signer struct {
	key      *keys.AuditKey
	verifier *Verifier
}

// NewSigner returns the signer of the log with this origin and key.
func NewSigner(origin string, key *keys.AuditKey) (*Signer, error) {
	v, err := NewVerifier(origin, key.Public())
	if err != nil {
		return nil, err
	}
	return &Signer{key: key, verifier: v}, nil
}

// Origin returns the log's origin.
func (s *Signer) Origin() string { return s.verifier.origin }

// Verifier returns the verifier of what s signs.
func (s *Signer) Verifier() *Verifier { return s.verifier }

// Seal returns the Ed25519 signature, 64 bytes, over the text of h as a head of this log, whatever origin h has.
func (s *Signer) Seal(h Head) []byte {
	h.Origin = s.Origin()
	return ed25519.Sign(s.key.Ed25519, []byte(h.Text()))
}

// Sign returns the checkpoint of h with the Ed25519 and the composite line. seal is what Seal gave for h.
func (s *Signer) Sign(h Head, seal []byte) ([]byte, error) {
	if h.Origin != s.Origin() || h.Size > MaxSize || len(seal) != ed25519.SignatureSize {
		return nil, fmt.Errorf("signing a checkpoint: not a sealed head of %s", s.Origin())
	}
	text := h.Text()
	sig, err := s.key.Private.Sign([]byte(text), Context)
	if err != nil {
		return nil, fmt.Errorf("signing a checkpoint: %w", err)
	}
	note := append(make([]byte, 0, len(text)+6<<10), text+"\n"...)
	return s.verifier.composite.append(s.verifier.ed25519.append(note, seal), sig), nil
}

// Publish adds the ML-DSA-44 line to what Sign gave, after it has checked that. The line says that the log had no later head
// at now, so a checkpoint MUST be the latest when it is published.
func (s *Signer) Publish(checkpoint []byte, now time.Time) ([]byte, error) {
	h, err := s.verifier.Open(checkpoint)
	if err != nil {
		return nil, fmt.Errorf("publishing a checkpoint: %w", err)
	}
	if now.Unix() < 0 {
		return nil, fmt.Errorf("publishing a checkpoint: the time is %v", now)
	}
	for text := range bytes.Lines(checkpoint[len(h.Text())+1:]) {
		if s.verifier.of(text) == s.verifier.mldsa44 {
			return nil, errors.New("publishing a checkpoint: it was published before")
		}
	}
	at := uint64(now.Unix())
	sig, err := s.key.MLDSA44.Sign(nil, cosigned(s.Origin(), h, at), nil)
	if err != nil {
		return nil, fmt.Errorf("publishing a checkpoint: signing with ML-DSA-44: %w", err)
	}
	sig = append(binary.BigEndian.AppendUint64(nil, at), sig...)
	return s.verifier.mldsa44.append(bytes.Clone(checkpoint), sig), nil
}
