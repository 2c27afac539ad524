// Package keys makes, stores and uses the key pairs of a Bulkhead host and of those who sign for it.
//
// Signatures are the IETF composite id-MLDSA65-Ed25519-SHA512 (draft-ietf-lamps-pq-composite-sigs-19, OID
// 1.3.6.1.5.5.7.6.48): ML-DSA-65 (FIPS 204) and Ed25519 (RFC 8032) over one message representative, and both halves must
// verify. There are two exceptions: tokens, because JWT knows Ed25519 alone, and logs, which other people's tools must be able
// to check, so that an audit key has an Ed25519 and an ML-DSA-44 pair beside its composite one.
//
// Invariants: a private key is kept as its seeds, never expanded; a signature is never an identifier, because the
// composite is not strongly unforgeable; every use has its own context and its own key.
package keys

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"

	"filippo.io/mldsa"
)

// Sizes of the composite in bytes, and the longest context.
const (
	PublicSize    = mldsa.MLDSA65PublicKeySize + ed25519.PublicKeySize
	SeedSize      = mldsa.PrivateKeySize + ed25519.SeedSize
	SignatureSize = mldsa.MLDSA65SignatureSize + ed25519.SignatureSize
	MaxContext    = 255
)

// Algorithm is the name of the composite in key files.
const Algorithm = "id-MLDSA65-Ed25519-SHA512"

// The prefix and label of the message representative, draft section 2.2 and 6.
const (
	prefix = "CompositeAlgorithmSignatures2025"
	label  = "COMPSIG-MLDSA65-Ed25519-SHA512"
)

// ErrSignature says that a signature is not one of this key over this message in this context. It never says more.
var ErrSignature = errors.New("the signature does not verify")

var errContext = fmt.Errorf("the signature context is longer than %d bytes", MaxContext)

// Public is a composite public key. It is immutable and safe for concurrent use.
type Public struct {
	raw   []byte
	mldsa *mldsa.PublicKey
}

// ParsePublic reads the raw form: 1952 bytes of ML-DSA-65 and 32 bytes of Ed25519.
func ParsePublic(raw []byte) (*Public, error) {
	if len(raw) != PublicSize {
		return nil, fmt.Errorf("a composite public key has %d bytes, not %d", PublicSize, len(raw))
	}
	m, err := mldsa.NewPublicKey(mldsa.MLDSA65(), raw[:mldsa.MLDSA65PublicKeySize])
	if err != nil {
		return nil, fmt.Errorf("reading the ML-DSA-65 half: %w", err)
	}
	return &Public{raw: bytes.Clone(raw), mldsa: m}, nil
}

// ID returns the key id: SHA-256 of the raw form in lower-case hex.
func (p *Public) ID() string { return keyID(p.raw) }

// Bytes returns a copy of the raw form.
func (p *Public) Bytes() []byte { return bytes.Clone(p.raw) }

// Verify returns nil if sig is a signature of p over message in context, ErrSignature if it is not, and another error
// for a context over MaxContext bytes. Both halves are always checked.
func (p *Public) Verify(message []byte, context string, sig []byte) error {
	if len(context) > MaxContext {
		return errContext
	}
	if len(sig) != SignatureSize {
		return ErrSignature
	}
	m := representative(message, context)
	first := mldsa.Verify(p.mldsa, m, sig[:mldsa.MLDSA65SignatureSize], &mldsa.Options{Context: label})
	second := ed25519.Verify(p.raw[mldsa.MLDSA65PublicKeySize:], m, sig[mldsa.MLDSA65SignatureSize:])
	if first != nil || !second {
		return ErrSignature
	}
	return nil
}

// Private is a composite private key. It is immutable and safe for concurrent use. Printing it prints its key id.
type Private struct {
	mldsa   *mldsa.PrivateKey
	ed25519 ed25519.PrivateKey
	public  *Public
}

// NewPrivate makes the key of a seed: 32 bytes of ML-DSA-65 and 32 bytes of Ed25519.
func NewPrivate(seed []byte) (*Private, error) {
	if len(seed) != SeedSize {
		return nil, fmt.Errorf("a composite seed has %d bytes, not %d", SeedSize, len(seed))
	}
	m, err := mldsa.NewPrivateKey(mldsa.MLDSA65(), seed[:mldsa.PrivateKeySize])
	if err != nil {
		return nil, fmt.Errorf("reading the ML-DSA-65 seed: %w", err)
	}
	e := ed25519.NewKeyFromSeed(seed[mldsa.PrivateKeySize:])
	public, err := ParsePublic(append(m.PublicKey().Bytes(), e[ed25519.SeedSize:]...))
	if err != nil {
		return nil, fmt.Errorf("deriving the public key: %w", err)
	}
	return &Private{mldsa: m, ed25519: e, public: public}, nil
}

// Generate makes a new key from the operating system's randomness.
func Generate() (*Private, error) { return NewPrivate(newSeed(SeedSize)) }

func newSeed(size int) []byte {
	seed := make([]byte, size)
	rand.Read(seed) // never fails: it ends the process instead
	return seed
}

// Public returns the public key.
func (k *Private) Public() *Public { return k.public }

// Sign signs message in context, at most MaxContext bytes. Signatures are randomized: two calls differ.
func (k *Private) Sign(message []byte, context string) ([]byte, error) {
	if len(context) > MaxContext {
		return nil, errContext
	}
	m := representative(message, context)
	sig, err := k.mldsa.Sign(nil, m, &mldsa.Options{Context: label})
	if err != nil {
		return nil, fmt.Errorf("signing with ML-DSA-65: %w", err)
	}
	return append(sig, ed25519.Sign(k.ed25519, m)...), nil
}

// String returns the key id, so that no format verb reaches the seeds.
func (k Private) String() string { return "private key " + k.public.ID() }

// GoString is String.
func (k Private) GoString() string { return k.String() }

// representative is M' of the draft: Prefix || Label || len(ctx) || ctx || SHA-512(M).
func representative(message []byte, context string) []byte {
	hash := sha512.Sum512(message)
	m := make([]byte, 0, len(prefix)+len(label)+1+len(context)+len(hash))
	m = append(m, prefix...)
	m = append(m, label...)
	m = append(m, byte(len(context)))
	m = append(m, context...)
	return append(m, hash[:]...)
}

func keyID(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
