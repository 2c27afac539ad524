package keys

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"

	"filippo.io/mldsa"
)

// A part is a member of a key file that holds a key's material, or a part of it, and the size of what it holds.
type part struct {
	name string
	text *string
	size int
}

// parts returns the members that hold the seeds, or the public keys, of this file's purpose.
func (f *file) parts() []part {
	private := f.Type == typePrivate
	switch {
	case f.Purpose == Token && private:
		return []part{{"token seed", &f.Seed, ed25519.SeedSize}}
	case f.Purpose == Token:
		return []part{{"token public key", &f.Public, ed25519.PublicKeySize}}
	case f.Purpose == Audit && private:
		return []part{
			{"composite seed", &f.Seed, SeedSize}, {"Ed25519 seed", &f.SeedEd25519, ed25519.SeedSize},
			{"ML-DSA-44 seed", &f.SeedMLDSA44, mldsa.PrivateKeySize},
		}
	case f.Purpose == Audit:
		return []part{
			{"composite public key", &f.Public, PublicSize}, {"Ed25519 public key", &f.PublicEd25519, ed25519.PublicKeySize},
			{"ML-DSA-44 public key", &f.PublicMLDSA44, mldsa.MLDSA44PublicKeySize},
		}
	case f.Purpose == Witness && private:
		return []part{{"Ed25519 seed", &f.SeedEd25519, ed25519.SeedSize}, {"ML-DSA-44 seed", &f.SeedMLDSA44, mldsa.PrivateKeySize}}
	case f.Purpose == Witness:
		return []part{{"Ed25519 public key", &f.PublicEd25519, ed25519.PublicKeySize}, {"ML-DSA-44 public key", &f.PublicMLDSA44, mldsa.MLDSA44PublicKeySize}}
	case private:
		return []part{{"composite seed", &f.Seed, SeedSize}}
	}
	return []part{{"composite public key", &f.Public, PublicSize}}
}

// complete refuses a file that has not exactly its parts.
func (f *file) complete() error {
	has := 0
	for _, text := range []string{f.Seed, f.SeedEd25519, f.SeedMLDSA44, f.Public, f.PublicEd25519, f.PublicMLDSA44} {
		if text != "" {
			has++
		}
	}
	want := f.parts()
	for _, p := range want {
		if *p.text == "" {
			has = -1
			break
		}
	}
	if has != len(want) {
		return fmt.Errorf("a private key file holds the seeds of its purpose, a public key file the public keys, and neither anything else")
	}
	return nil
}

// fill writes the parts of data, which has the size of all of them.
func (f *file) fill(data []byte) {
	for _, p := range f.parts() {
		*p.text = base64.StdEncoding.EncodeToString(data[:p.size])
		data = data[p.size:]
	}
}

// join reads the parts, each of its exact size, one behind the other.
func (f *file) join() ([]byte, error) {
	var data []byte
	for _, p := range f.parts() {
		b, err := decodeBase64(*p.text)
		if err != nil {
			return nil, fmt.Errorf("decoding the %s: %w", p.name, err)
		}
		if len(b) != p.size {
			return nil, fmt.Errorf("a %s has %d bytes, not %d", p.name, len(b), p.size)
		}
		data = append(data, b...)
	}
	return data, nil
}

// size is what all parts have together.
func (f *file) size() (n int) {
	for _, p := range f.parts() {
		n += p.size
	}
	return n
}

// decodeBase64 takes the one standard encoding of some bytes: with padding, no line breaks, no stray bits.
func decodeBase64(text string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(b) != text {
		return nil, fmt.Errorf("not standard base64")
	}
	return b, nil
}
