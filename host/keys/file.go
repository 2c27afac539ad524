package keys

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"

	"bulkhead/host/strictjson"
)

// The values of the type member, first in every key file.
const (
	typePrivate = "bulkhead/private-key/v1"
	typePublic  = "bulkhead/public-key/v1"
)

// Suffixes of the two files of a key.
const (
	PrivateSuffix = ".key"
	PublicSuffix  = ".pub"
)

// MaxFile is the largest key file that is read, in bytes.
const MaxFile = 16 << 10

// Info is what is public about a key.
type Info struct {
	Name        string // what the owner calls it; names no file
	Purpose     Purpose
	Development bool   // made for trying things out; a host that holds one says so everywhere
	KeyID       string // SHA-256 of Raw, lower-case hex
	Raw         []byte // composite public key; 32 bytes of Ed25519 for a token key; AuditPublicSize or WitnessPublicSize bytes for those keys
}

// Algorithm returns the key's algorithm, which follows from its purpose.
func (i Info) Algorithm() string { return i.Purpose.algorithm() }

// A Key is a composite private key of one purpose.
type Key struct {
	Info
	Private *Private
}

// A PublicKey is a composite public key of one purpose.
type PublicKey struct {
	Info
	Public *Public
}

// file is both forms on disk. The seeds stand in the private file only, the public keys in the public file only, and the
// second and third of either in those of audit and witness keys only.
type file struct {
	Type        string  `json:"type"`
	ID          string  `json:"id"`
	Purpose     Purpose `json:"purpose"`
	Algorithm   string  `json:"algorithm"`
	Development *bool   `json:"development"`
	KeyID       string  `json:"keyid"`
	Public      string  `json:"public,omitempty"`
	Seed        string  `json:"seed,omitempty"`

	PublicEd25519 string `json:"public_ed25519,omitempty"`
	PublicMLDSA44 string `json:"public_mldsa44,omitempty"`
	SeedEd25519   string `json:"seed_ed25519,omitempty"`
	SeedMLDSA44   string `json:"seed_mldsa44,omitempty"`
}

func (i Info) file(kind string) file {
	return file{Type: kind, ID: i.Name, Purpose: i.Purpose, Algorithm: i.Algorithm(), Development: &i.Development, KeyID: i.KeyID}
}

func (f file) encode() ([]byte, error) {
	b, err := json.MarshalIndent(f, "", "  ")
	return append(b, '\n'), err
}

// decode reads a key file and checks all of it but the material.
func decode(data []byte) (file, error) {
	var f file
	if err := strictjson.Decode(data, &f); err != nil {
		return file{}, fmt.Errorf("decoding: %w", err)
	}
	if f.Type != typePrivate && f.Type != typePublic {
		return file{}, fmt.Errorf("type is %.64q, want %q or %q", f.Type, typePrivate, typePublic)
	}
	if _, err := ParsePurpose(string(f.Purpose)); err != nil {
		return file{}, err
	}
	if f.Algorithm != f.Purpose.algorithm() {
		return file{}, fmt.Errorf("algorithm is %.64q, a %s key has %q", f.Algorithm, f.Purpose, f.Purpose.algorithm())
	}
	if f.Development == nil {
		return file{}, fmt.Errorf("the member development is missing")
	}
	if err := f.complete(); err != nil {
		return file{}, err
	}
	return f, checkName(f.ID)
}

// material is a key file with its keys made and its key id compared.
type material struct {
	Info
	private *Private           // composite private file
	token   ed25519.PrivateKey // token private file
	public  *Public            // composite file, private or public

	audit       *AuditKey    // audit private file
	auditPublic *AuditPublic // audit public file

	witness       *WitnessKey    // witness private file
	witnessPublic *WitnessPublic // witness public file
}

func (f file) material() (material, error) {
	m := material{Info: Info{Name: f.ID, Purpose: f.Purpose, Development: *f.Development}}
	data, err := f.join()
	if err == nil && f.Type == typePrivate {
		err = m.fromSeed(data)
	} else if err == nil {
		err = m.fromPublic(data)
	}
	if err != nil {
		return material{}, err
	}
	m.KeyID = keyID(m.Raw)
	if m.KeyID != f.KeyID {
		return material{}, fmt.Errorf("keyid does not belong to the key: the file is damaged or was edited")
	}
	if m.audit != nil {
		m.audit.Info = m.Info
	}
	if m.auditPublic != nil {
		m.auditPublic.Info = m.Info
	}
	if m.witness != nil {
		m.witness.Info = m.Info
	}
	if m.witnessPublic != nil {
		m.witnessPublic.Info = m.Info
	}
	return m, nil
}

// fromSeed makes the keys of a seed that has its purpose's size.
func (m *material) fromSeed(seed []byte) (err error) {
	switch m.Purpose {
	case Token:
		m.token = ed25519.NewKeyFromSeed(seed)
		m.Raw = slices.Clone(m.token[ed25519.SeedSize:])
	case Audit:
		if m.audit, err = newAudit(seed); err == nil {
			m.Raw = m.audit.Raw
		}
	case Witness:
		if m.witness, err = newWitness(seed); err == nil {
			m.Raw = m.witness.Raw
		}
	default:
		if m.private, err = NewPrivate(seed); err == nil {
			m.public = m.private.Public()
			m.Raw = m.public.Bytes()
		}
	}
	return err
}

// fromPublic makes the keys of a raw form that has its purpose's size.
func (m *material) fromPublic(raw []byte) (err error) {
	m.Raw = raw
	switch m.Purpose {
	case Token:
	case Audit:
		m.auditPublic, err = parseAudit(raw)
	case Witness:
		m.witnessPublic, err = parseWitness(raw)
	default:
		m.public, err = ParsePublic(raw)
	}
	return err
}

func checkName(name string) error {
	if len(name) < 1 || len(name) > 64 || name[0] == '-' {
		return fmt.Errorf("key name %.80q has not 1 to 64 of the characters a-z 0-9 -, beginning with a letter or digit", name)
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("key name %.80q has a character outside a-z 0-9 -", name)
		}
	}
	return nil
}
