package keys

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/mldsa"
)

// Both files hold the same two pairs, each pair signs, and neither file serves as one of another kind.
func TestWitnessKey(t *testing.T) {
	folder, info := create(t, "w1", Witness)
	private, public := filepath.Join(folder, "w1.key"), filepath.Join(folder, "w1.pub")
	k, err := ReadWitness(private)
	do(t, err)
	p, err := ReadWitnessPublic(public)
	do(t, err)
	own := k.Public()
	if k.KeyID != info.KeyID || p.KeyID != info.KeyID || own.KeyID != p.KeyID || p.Name != "w1" || len(info.Raw) != WitnessPublicSize {
		t.Errorf("made %+v, read %+v and %+v", info, k.Info, p.Info)
	}
	if !own.Ed25519.Equal(p.Ed25519) || !bytes.Equal(own.MLDSA44.Bytes(), p.MLDSA44.Bytes()) {
		t.Error("the public file holds other keys than the private one")
	}
	message := []byte("m")
	if !ed25519.Verify(p.Ed25519, message, ed25519.Sign(k.Ed25519, message)) {
		t.Error("the Ed25519 pair is none")
	}
	sig, err := k.MLDSA44.Sign(nil, message, nil)
	do(t, err)
	do(t, mldsa.Verify(p.MLDSA44, message, sig, nil))
	for name, err := range map[string]error{
		"composite":        second(ReadPrivate(private, Witness)),
		"composite public": second(ReadPublic(public, Witness)),
		"audit":            second(ReadAudit(private)),
		"audit public":     second(ReadAuditPublic(public)),
		"public":           second(ReadWitness(public)),
		"private":          second(ReadWitnessPublic(private)),
	} {
		if !isFileError(err) {
			t.Errorf("read as %s: %v", name, err)
		}
	}
	if err := Distinct(Use{"one", info.Raw}, Use{"other", p.Ed25519}); err == nil {
		t.Error("a component that serves twice was not seen")
	}
	do(t, Distinct(Use{"one", info.Raw}))
}

func second[T any](_ T, err error) error { return err }

func TestWitnessKeyKeepsItsSeeds(t *testing.T) {
	folder, info := create(t, "w1", Witness)
	k, err := ReadWitness(filepath.Join(folder, "w1.key"))
	do(t, err)
	seed := string(k.Ed25519.Seed())
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		for _, v := range []any{k, *k} {
			if text := fmt.Sprintf(format, v); strings.Contains(text, seed) || strings.Contains(text, fmt.Sprintf("%x", seed)) || !strings.Contains(text, info.KeyID) && format != "%x" {
				t.Errorf("%s prints %s", format, text)
			}
		}
	}
}
