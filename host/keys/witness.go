package keys

import (
	"bytes"
	"crypto/ed25519"
	"fmt"

	"filippo.io/mldsa"
)

// WitnessPublicSize is the size of the raw form of a witness's public key: Ed25519 and ML-DSA-44, in this order.
const WitnessPublicSize = ed25519.PublicKeySize + mldsa.MLDSA44PublicKeySize

// AlgorithmWitness is the name of a witness key's two algorithms in key files.
const AlgorithmWitness = "Ed25519+ML-DSA-44"

// A WitnessKey cosigns the checkpoints of others' logs: two key pairs, one for each kind of cosignature
// (c2sp.org/tlog-cosignature). It is immutable and safe for concurrent use. Printing it prints its key id.
type WitnessKey struct {
	Info
	Ed25519 ed25519.PrivateKey
	MLDSA44 *mldsa.PrivateKey
}

// A WitnessPublic is the public half of a WitnessKey. It is immutable and safe for concurrent use.
type WitnessPublic struct {
	Info
	Ed25519 ed25519.PublicKey
	MLDSA44 *mldsa.PublicKey
}

// ReadWitness reads the private file of a witness key, under the rules of ReadPrivate. Errors are *FileError.
func ReadWitness(path string) (*WitnessKey, error) {
	m, err := read(path, Witness, typePrivate)
	return m.witness, err
}

// ReadWitnessPublic reads the public file of a witness key, under the rules of ReadPublic. Errors are *FileError.
func ReadWitnessPublic(path string) (*WitnessPublic, error) {
	m, err := read(path, Witness, typePublic)
	return m.witnessPublic, err
}

// Public returns the public half.
func (k *WitnessKey) Public() *WitnessPublic {
	return &WitnessPublic{Info: k.Info, Ed25519: bytes.Clone(k.Ed25519[ed25519.SeedSize:]), MLDSA44: k.MLDSA44.PublicKey()}
}

// String returns the key id, so that no format verb reaches the seeds.
func (k WitnessKey) String() string { return "witness key " + k.KeyID }

// GoString is String.
func (k WitnessKey) GoString() string { return k.String() }

// MarshalText is String: loggers and JSON reach no seed either.
func (k WitnessKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// newWitness makes the key of its two seeds, one behind the other. The caller fills in the rest of its Info.
func newWitness(seed []byte) (*WitnessKey, error) {
	e := ed25519.NewKeyFromSeed(seed[:ed25519.SeedSize])
	m, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed[ed25519.SeedSize:])
	if err != nil {
		return nil, fmt.Errorf("reading the ML-DSA-44 seed: %w", err)
	}
	k := &WitnessKey{Ed25519: e, MLDSA44: m}
	k.Raw = append(bytes.Clone(e[ed25519.SeedSize:]), m.PublicKey().Bytes()...)
	return k, nil
}

// parseWitness reads the raw form. The caller fills in the rest of its Info.
func parseWitness(raw []byte) (*WitnessPublic, error) {
	m, err := mldsa.NewPublicKey(mldsa.MLDSA44(), raw[ed25519.PublicKeySize:])
	if err != nil {
		return nil, fmt.Errorf("reading the ML-DSA-44 key: %w", err)
	}
	p := &WitnessPublic{Ed25519: bytes.Clone(raw[:ed25519.PublicKeySize]), MLDSA44: m}
	p.Raw = raw
	return p, nil
}
