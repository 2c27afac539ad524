package keys

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"filippo.io/mldsa"
)

// AuditPublicSize is the size of the raw form of an audit public key: composite, Ed25519 and ML-DSA-44, in this order.
const AuditPublicSize = PublicSize + ed25519.PublicKeySize + mldsa.MLDSA44PublicKeySize

// AlgorithmAudit is the name of an audit key's three algorithms in key files.
const AlgorithmAudit = Algorithm + "+Ed25519+ML-DSA-44"

// An AuditKey signs one log: it is three key pairs, independent of each other, one for each line under a checkpoint, so
// that no component serves two schemes. It is immutable and safe for concurrent use. Printing it prints its key id.
type AuditKey struct {
	Info
	Private *Private           // composite
	Ed25519 ed25519.PrivateKey // not that of the composite
	MLDSA44 *mldsa.PrivateKey
}

// An AuditPublic is the public half of an AuditKey. It is immutable and safe for concurrent use.
type AuditPublic struct {
	Info
	Public  *Public
	Ed25519 ed25519.PublicKey
	MLDSA44 *mldsa.PublicKey
}

// ReadAudit reads the private file of an audit key, under the rules of ReadPrivate. Errors are *FileError; that of a
// missing file is fs.ErrNotExist too.
func ReadAudit(path string) (*AuditKey, error) {
	m, err := read(path, Audit, typePrivate)
	return m.audit, err
}

// ReadAuditPublic reads the public file of an audit key, under the rules of ReadPublic. Errors are *FileError.
func ReadAuditPublic(path string) (*AuditPublic, error) {
	m, err := read(path, Audit, typePublic)
	return m.auditPublic, err
}

// AuditPublic returns the public key of an audit key, and an error for a key of any other purpose.
func (i Info) AuditPublic() (*AuditPublic, error) {
	if i.Purpose != Audit || len(i.Raw) != AuditPublicSize {
		return nil, fmt.Errorf("a %s key signs no log, only audit keys do", i.Purpose)
	}
	p, err := parseAudit(i.Raw)
	if err != nil {
		return nil, err
	}
	p.Info = i
	return p, nil
}

// Public returns the public half.
func (k *AuditKey) Public() *AuditPublic {
	return &AuditPublic{
		Info: k.Info, Public: k.Private.Public(), MLDSA44: k.MLDSA44.PublicKey(),
		Ed25519: bytes.Clone(k.Ed25519[ed25519.SeedSize:]),
	}
}

// File returns the content of the public file. What Create wrote beside the private one says the same.
func (p *AuditPublic) File() ([]byte, error) {
	f := p.Info.file(typePublic)
	f.fill(p.Raw)
	return f.encode()
}

// String returns the key id, so that no format verb reaches the seeds.
func (k AuditKey) String() string { return "audit key " + k.KeyID }

// GoString is String.
func (k AuditKey) GoString() string { return k.String() }

// MarshalText is String: loggers and JSON reach no seed either.
func (k AuditKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// newAudit makes the key of its three seeds, one behind the other. The caller fills in the rest of its Info.
func newAudit(seed []byte) (*AuditKey, error) {
	composite, err := NewPrivate(seed[:SeedSize])
	if err != nil {
		return nil, err
	}
	e := ed25519.NewKeyFromSeed(seed[SeedSize:][:ed25519.SeedSize])
	m, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed[SeedSize+ed25519.SeedSize:])
	if err != nil {
		return nil, fmt.Errorf("reading the ML-DSA-44 seed: %w", err)
	}
	k := &AuditKey{Private: composite, Ed25519: e, MLDSA44: m}
	k.Raw = append(composite.Public().Bytes(), e[ed25519.SeedSize:]...)
	k.Raw = append(k.Raw, m.PublicKey().Bytes()...)
	return k, apart(k.Raw)
}

// parseAudit reads the raw form. The caller fills in the rest of its Info.
func parseAudit(raw []byte) (*AuditPublic, error) {
	composite, err := ParsePublic(raw[:PublicSize])
	if err != nil {
		return nil, err
	}
	m, err := mldsa.NewPublicKey(mldsa.MLDSA44(), raw[PublicSize+ed25519.PublicKeySize:])
	if err != nil {
		return nil, fmt.Errorf("reading the ML-DSA-44 key: %w", err)
	}
	p := &AuditPublic{Public: composite, Ed25519: bytes.Clone(raw[PublicSize:][:ed25519.PublicKeySize]), MLDSA44: m}
	p.Raw = raw
	return p, apart(raw)
}

// apart refuses an audit key whose composite has the Ed25519 key that stands beside it.
func apart(raw []byte) error {
	if bytes.Equal(raw[mldsa.MLDSA65PublicKeySize:PublicSize], raw[PublicSize:][:ed25519.PublicKeySize]) {
		return errors.New("its composite and its Ed25519 key share a component")
	}
	return nil
}
