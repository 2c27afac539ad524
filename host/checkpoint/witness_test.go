package checkpoint

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"bulkhead/host/keys"
)

func newCosigner(t testing.TB, name string) *Cosigner {
	t.Helper()
	folder := t.TempDir()
	if _, err := keys.Create(folder, name, keys.Witness, true); err != nil {
		t.Fatal(err)
	}
	k, err := keys.ReadWitness(filepath.Join(folder, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return NewCosigner(k)
}

func cosign(t testing.TB, c *Cosigner, v *Verifier, n []byte, at int64) []byte {
	t.Helper()
	out, err := c.Cosign(v, n, time.Unix(at, 0))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCosigned(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	one, two, three := newCosigner(t, "w1"), newCosigner(t, "w2"), newCosigner(t, "w1")
	h := head(77)
	n := cosign(t, two, s.Verifier(), cosign(t, one, s.Verifier(), publish(t, s, h), 1_700_000_001), 1_700_000_002)
	got, times, err := s.Verifier().Cosigned(n, one.Witness(), two.Witness())
	if err != nil || got != h || len(times) != 2 || times[0].Unix() != 1_700_000_001 || times[1].Unix() != 1_700_000_002 {
		t.Errorf("%+v, %v, %v", got, times, err)
	}
	var lacks *NotCosignedError
	if _, _, err := s.Verifier().Cosigned(n, one.Witness(), three.Witness()); !errors.As(err, &lacks) || lacks.Witness != three.Witness().Name() {
		t.Errorf("another witness of the same name: %v", err)
	}
	if _, _, err := newSigner(t, origin, newKey(t)).Verifier().Cosigned(n, one.Witness()); err == nil {
		t.Error("cosigned what another log signed")
	}
	if at, ok := s.Verifier().Published(n); !ok || at.Unix() != 1_700_000_000 {
		t.Errorf("published at %v, %v", at, ok)
	}
	if _, ok := s.Verifier().Published(sign(t, s, h)); ok {
		t.Error("a checkpoint without the line was published")
	}
}

// Who cosigns again has one cosignature.
func TestCosignAgain(t *testing.T) {
	s, c, other := newSigner(t, origin, newKey(t)), newCosigner(t, "w"), newCosigner(t, "o")
	n := cosign(t, other, s.Verifier(), cosign(t, c, s.Verifier(), publish(t, s, head(3)), 5), 6)
	again := cosign(t, c, s.Verifier(), n, 9)
	_, times, err := s.Verifier().Cosigned(again, c.Witness(), other.Witness())
	if err != nil || times[0].Unix() != 9 || times[1].Unix() != 6 || bytes.Count(again, []byte("\n")) != bytes.Count(n, []byte("\n")) {
		t.Errorf("%v, %v", times, err)
	}
}

func TestCosignRefuses(t *testing.T) {
	s, c := newSigner(t, origin, newKey(t)), newCosigner(t, "w")
	good := publish(t, s, head(3))
	for name, n := range map[string][]byte{
		"unsigned": []byte(head(3).Text() + "\n"), "another key": publish(t, newSigner(t, origin, newKey(t)), head(3)),
		"edited": edit(t, good, "\n3\n", "\n4\n"), "empty": nil,
	} {
		if _, err := c.Cosign(s.Verifier(), n, time.Unix(5, 0)); err == nil {
			t.Errorf("%s: cosigned", name)
		}
	}
	if _, err := c.Cosign(s.Verifier(), good, time.Unix(0, 0)); err == nil {
		t.Error("cosigned before there was time")
	}
}

func TestCosignedRefuses(t *testing.T) {
	s, c := newSigner(t, origin, newKey(t)), newCosigner(t, "w")
	h := head(3)
	base := publish(t, s, h)
	good := cosign(t, c, s.Verifier(), base, 5)
	lines := strings.SplitAfter(string(good[len(base):]), "\n")
	ed, ml := lines[0], lines[1]
	later := strings.SplitAfter(string(cosign(t, c, s.Verifier(), base, 6)[len(base):]), "\n")
	other := publish(t, s, head(4))
	ofOther := strings.SplitAfter(string(cosign(t, c, s.Verifier(), other, 5)[len(other):]), "\n")
	for name, lines := range map[string]string{
		"none": "", "Ed25519 only": ed, "ML-DSA-44 only": ml, "Ed25519 twice": ed + ed + ml, "ML-DSA-44 twice": ed + ml + ml,
		"of two times": ed + later[1], "Ed25519 of another head": ofOther[0] + ml, "ML-DSA-44 of another head": ed + ofOther[1],
		"a good one and a bad one": ed + ofOther[0] + ml, "short": string(c.witness.ed25519.append(nil, make([]byte, 20))) + ml,
	} {
		if _, _, err := s.Verifier().Cosigned([]byte(string(base)+lines), c.Witness()); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for i := len(base); i < len(good); i++ { // no bit of a cosignature may change
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		if _, _, err := s.Verifier().Cosigned(bad, c.Witness()); err == nil {
			t.Fatalf("bit %d of byte %d changed", i%8, i-len(base))
		}
	}
}

// The library knows both kinds of cosignature, each alone.
func TestCosignaturesInTheLibrary(t *testing.T) {
	s, c := newSigner(t, origin, newKey(t)), newCosigner(t, "w")
	n := cosign(t, c, s.Verifier(), publish(t, s, head(20852163)), 1_679_315_147)
	edKey, mlKey := c.Witness().Keys()
	ed, err := formats.NewVerifierForCosignatureV1(edKey)
	if err != nil {
		t.Fatal(err)
	}
	ml, err := formats.NewMLDSAVerifier(mlKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]note.Verifier{"Ed25519": ed, "ML-DSA-44": ml} {
		opened, err := note.Open(n, note.VerifierList(v))
		if err != nil || len(opened.Sigs) != 1 || opened.Text != head(20852163).Text() {
			t.Fatalf("%s: %v", name, err)
		}
		if at, err := formats.CoSigV1Timestamp(opened.Sigs[0]); err != nil || at.Unix() != 1_679_315_147 {
			t.Errorf("%s: the library reads the time %v, %v", name, at, err)
		}
		if _, err := note.Open(edit(t, n, "\n20852163\n", "\n20852164\n"), note.VerifierList(v)); err == nil {
			t.Errorf("%s: another size verifies", name)
		}
	}
}

// And we take what the library signs with the same keys.
func TestCosignaturesOfTheLibrary(t *testing.T) {
	s, c := newSigner(t, origin, newKey(t)), newCosigner(t, "w")
	skey := func(kind byte, seed []byte) *formats.Signer {
		text := fmt.Sprintf("PRIVATE+KEY+%s+00000000+%s", c.witness.name, base64.StdEncoding.EncodeToString(append([]byte{kind}, seed...)))
		signer, err := formats.NewSignerForCosignatureV1(text)
		if err != nil {
			t.Fatal(err)
		}
		return signer
	}
	n := publish(t, s, head(12))
	for range 10 { // its two lines may be of two seconds
		theirs, err := note.Sign(&note.Note{Text: head(12).Text()}, skey(4, c.key.Ed25519.Seed()), skey(6, c.key.MLDSA44.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		lines := theirs[len(head(12).Text())+1:]
		var got Head
		if got, _, err = s.Verifier().Cosigned(append(bytes.Clone(n), lines...), c.Witness()); err == nil && got == head(12) {
			return
		}
	}
	t.Error("never taken")
}
