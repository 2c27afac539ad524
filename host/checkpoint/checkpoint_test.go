package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/host/keys"
)

const origin = "bulkhead/press-7/0123456789abcdef"

func newKey(t testing.TB) *keys.AuditKey {
	t.Helper()
	folder := t.TempDir()
	if _, err := keys.Create(folder, "audit", keys.Audit, true); err != nil {
		t.Fatal(err)
	}
	k, err := keys.ReadAudit(filepath.Join(folder, "audit.key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newSigner(t testing.TB, origin string, key *keys.AuditKey) *Signer {
	t.Helper()
	s, err := NewSigner(origin, key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func head(size uint64) Head {
	return Head{Origin: origin, Size: size, Root: sha256.Sum256([]byte{byte(size)})}
}

func sign(t testing.TB, s *Signer, h Head) []byte {
	t.Helper()
	n, err := s.Sign(h, s.Seal(h))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func publish(t testing.TB, s *Signer, h Head) []byte {
	t.Helper()
	n, err := s.Publish(sign(t, s, h), time.Unix(1_700_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSignAndOpen(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	for _, size := range []uint64{0, 1, 255, 1 << 40, MaxSize} {
		h := head(size)
		for name, n := range map[string][]byte{"signed": sign(t, s, h), "published": publish(t, s, h)} {
			got, err := s.Verifier().Open(n)
			if err != nil || got != h {
				t.Errorf("%s at %d: %+v, %v", name, size, got, err)
			}
		}
		if !s.Verifier().Seal(h, s.Seal(h)) {
			t.Errorf("the seal at %d does not hold", size)
		}
	}
}

// A checkpoint that is signed says what its seal says: the Ed25519 line is the seal.
func TestSealIsTheEd25519Line(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	h := head(7)
	line := strings.Split(string(sign(t, s, h)), "\n")[4]
	sig, _ := signature([]byte(line))
	if !bytes.Equal(sig, s.Seal(h)) || len(sig) != 64 {
		t.Error("the Ed25519 line holds another signature than the seal")
	}
	for _, other := range []Head{head(8), {origin, 7, [32]byte{}}, {"bulkhead/press-8/0123456789abcdef", 7, h.Root}} {
		if s.Verifier().Seal(other, sig) {
			t.Errorf("the seal holds for %+v", other)
		}
	}
	elsewhere := Head{"bulkhead/press-8/0123456789abcdef", 7, h.Root}
	if s.Verifier().Seal(elsewhere, s.sealText(elsewhere.Text())) {
		t.Error("a seal of another log under the same key holds")
	}
}

func TestSignerRefuses(t *testing.T) {
	key := newKey(t)
	s := newSigner(t, origin, key)
	h := head(7)
	if _, err := s.Sign(Head{"other", 7, h.Root}, s.Seal(h)); err == nil {
		t.Error("signed for another log")
	}
	if _, err := s.Sign(h, s.Seal(h)[:63]); err == nil {
		t.Error("signed with a short seal")
	}
	if _, err := s.Sign(head(MaxSize+1), s.Seal(h)); err == nil {
		t.Error("signed an impossible size")
	}
	wrong, err := s.Sign(h, s.Seal(head(8)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1, 0)
	if _, err := s.Publish(wrong, now); err == nil {
		t.Error("published under the seal of another head")
	}
	if _, err := s.Publish(sign(t, newSigner(t, origin, newKey(t)), h), now); err == nil {
		t.Error("published another's checkpoint")
	}
	if _, err := s.Publish(publish(t, s, h), now); err == nil {
		t.Error("published twice")
	}
	if _, err := s.Publish(sign(t, s, h), time.Unix(-1, 0)); err == nil {
		t.Error("published before 1970")
	}
	for _, bad := range []string{"", "a b", "a+b", "a\nb", "a\u00a0b", "a\u200bb", "\xff", strings.Repeat("o", 256)} {
		if _, err := NewSigner(bad, key); err == nil {
			t.Errorf("took the origin %q", bad)
		}
	}
}

// No bit of a checkpoint may change. Of the published one, a bit of the ML-DSA-44 line may make that the line of a stranger;
// then the two others still say the same.
func TestEveryBit(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	h := head(1234567)
	signed, published := sign(t, s, h), publish(t, s, h)
	for i := range published {
		bad := bytes.Clone(published)
		bad[i] ^= 1 << (i % 8)
		got, err := s.Verifier().Open(bad)
		if err == nil && (i < len(signed) || got != h) {
			t.Fatalf("bit %d of byte %d changed: %+v", i%8, i, got)
		}
	}
	for i := range signed[:200] {
		for bit := range 8 {
			bad := bytes.Clone(signed)
			bad[i] ^= 1 << bit
			if _, err := s.Verifier().Open(bad); err == nil {
				t.Fatalf("bit %d of byte %d changed", bit, i)
			}
		}
	}
	for n := range len(signed) {
		if _, err := s.Verifier().Open(signed[:n]); err == nil {
			t.Fatalf("cut after byte %d", n)
		}
	}
}

// What others add is no business of ours, and says nothing.
func TestOpenIgnoresStrangers(t *testing.T) {
	key := newKey(t)
	s := newSigner(t, origin, key)
	h := head(5)
	n := publish(t, s, h)
	n = newSigner(t, "witness.example/w1", newKey(t)).verifier.mldsa44.append(n, make([]byte, 2428))
	n = newSigner(t, origin, newKey(t)).verifier.ed25519.append(n, make([]byte, 64)) // the log's name, another key
	n = append(n, "— witness.example/w2 AAAAAAAAAA==\n— witness.example/w2 AAAAAAAAAA==\n"...)
	if got, err := s.Verifier().Open(n); err != nil || got != h {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestOrigin(t *testing.T) {
	p := newKey(t).Public()
	name := Origin("press-7", p)
	if want := "bulkhead/press-7/" + p.KeyID[:16]; name != want || CheckOrigin(name) != nil || !Owns(name, p) {
		t.Errorf("%q, want %q", name, want)
	}
	for _, other := range []string{"", "bulkhead//" + p.KeyID[:16], "bulkhead/" + p.KeyID[:16], "bulkhead/a/b/" + p.KeyID[:16], "x" + name, name + "0", "bulkhead/press-7/0000000000000000"} {
		if Owns(other, p) {
			t.Errorf("%q counts as an origin of this key", other)
		}
	}
}

func TestEntrySignature(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	body := []byte(`{"id":"x","detail":{"signature":"none"}}`)
	sig, err := s.SignEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := WithSignature(body, sig)
	if err != nil || entry[len(entry)-1] != '}' {
		t.Fatal(err)
	}
	gotBody, gotSig, err := WithoutSignature(entry)
	if err != nil || !bytes.Equal(gotBody, body) || s.Verifier().Entry(gotBody, gotSig) != nil {
		t.Errorf("%s, %v", gotBody, err)
	}
	if s.Verifier().Entry(append(bytes.Clone(body), ' '), sig) == nil || s.Verifier().Entry(body, sig[1:]) == nil {
		t.Error("a signature over something else holds")
	}
	inContext, err := s.key.Private.Sign(body, Context)
	if err != nil || s.Verifier().Entry(body, inContext) == nil {
		t.Error("a signature of checkpoints serves an entry")
	}
	if _, err := WithSignature([]byte("[]"), sig); err == nil {
		t.Error("signed what is no object")
	}
	long := strings.Repeat("A", 4500)
	for name, text := range map[string]string{
		"no signature":         string(body),
		"short":                `{"a":1,"signature":"AAAA"}`,
		"in a string":          `{"a":",\"signature\":\"` + long + `"}`,
		"in a nested object":   `{"a":{"b":1,"signature":"` + long + `"}}`,
		"not the last member":  `{"b":1,"signature":"` + long + `","c":"x"}`,
		"empty":                "",
		"only the end":         `,"signature":"` + long,
		"a space in the place": `{"a":1, "signature":"` + long + `"}`,
	} {
		if got, sig, err := WithoutSignature([]byte(text)); err != nil || sig != nil || string(got) != text {
			t.Errorf("%s: found a signature (%v)", name, err)
		}
	}
	if _, _, err := WithoutSignature([]byte(`{"a":1,"signature":"` + long[:4499] + `!"}`)); err == nil {
		t.Error("took what is no base64")
	}
	if _, _, err := WithoutSignature([]byte(`{"a":1,"signature":"` + long[:4497] + `B=="}`)); err == nil {
		t.Error("took stray bits")
	}
}
