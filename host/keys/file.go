package keys

import (
	"crypto/ed25519"
	"encoding/base64"
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
	Raw         []byte // composite public key, or 32 bytes of Ed25519 for a token key
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

// file is both forms on disk. Seed stands in the private file only, Public in the public file only.
type file struct {
	Type        string  `json:"type"`
	ID          string  `json:"id"`
	Purpose     Purpose `json:"purpose"`
	Algorithm   string  `json:"algorithm"`
	Development *bool   `json:"development"`
	KeyID       string  `json:"keyid"`
	Public      string  `json:"public,omitempty"`
	Seed        string  `json:"seed,omitempty"`
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
	if (f.Seed != "") != (f.Type == typePrivate) || (f.Public != "") != (f.Type == typePublic) {
		return file{}, fmt.Errorf("a private key file holds a seed, a public key file a public key, and neither the other")
	}
	return f, checkName(f.ID)
}

// material is a key file with its keys made and its key id compared.
type material struct {
	Info
	private *Private           // composite private file
	token   ed25519.PrivateKey // token private file
	public  *Public            // any composite file
}

func (f file) material() (material, error) {
	m := material{Info: Info{Name: f.ID, Purpose: f.Purpose, Development: *f.Development}}
	var err error
	if f.Type == typePrivate {
		err = m.fromSeed(f.Seed)
	} else {
		err = m.fromPublic(f.Public)
	}
	if err != nil {
		return material{}, err
	}
	m.KeyID = keyID(m.Raw)
	if m.KeyID != f.KeyID {
		return material{}, fmt.Errorf("keyid does not belong to the key: the file is damaged or was edited")
	}
	return m, nil
}

func (m *material) fromSeed(text string) error {
	seed, err := decodeBase64(text)
	if err != nil {
		return fmt.Errorf("decoding seed: %w", err)
	}
	if m.Purpose == Token {
		if len(seed) != ed25519.SeedSize {
			return fmt.Errorf("a token seed has %d bytes, not %d", ed25519.SeedSize, len(seed))
		}
		m.token = ed25519.NewKeyFromSeed(seed)
		m.Raw = slices.Clone(m.token[ed25519.SeedSize:])
		return nil
	}
	if m.private, err = NewPrivate(seed); err != nil {
		return err
	}
	m.public = m.private.Public()
	m.Raw = m.public.Bytes()
	return nil
}

func (m *material) fromPublic(text string) error {
	raw, err := decodeBase64(text)
	if err != nil {
		return fmt.Errorf("decoding public: %w", err)
	}
	m.Raw = raw
	if m.Purpose == Token {
		if len(raw) != ed25519.PublicKeySize {
			return fmt.Errorf("a token public key has %d bytes, not %d", ed25519.PublicKeySize, len(raw))
		}
		return nil
	}
	m.public, err = ParsePublic(raw)
	return err
}

// decodeBase64 takes the one standard encoding of some bytes: with padding, no line breaks, no stray bits.
func decodeBase64(text string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(b) != text {
		return nil, fmt.Errorf("not standard base64")
	}
	return b, nil
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
