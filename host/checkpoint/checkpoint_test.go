package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
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

// edit replaces the one place where old stands.
func edit(t *testing.T, text []byte, old, new string) []byte {
	t.Helper()
	if bytes.Count(text, []byte(old)) != 1 {
		t.Fatalf("%q stands there %d times", old, bytes.Count(text, []byte(old)))
	}
	return bytes.Replace(text, []byte(old), []byte(new), 1)
}

func TestOpenRefuses(t *testing.T) {
	key, other := newKey(t), newKey(t)
	s := newSigner(t, origin, key)
	h := head(1000)
	good := sign(t, s, h)
	text := h.Text()
	lines := strings.SplitAfter(string(good[len(text)+1:]), "\n")
	ed, composite := lines[0], lines[1]
	third := string(publish(t, s, h)[len(good):])
	foreign := sign(t, newSigner(t, origin, other), h)
	note := func(text string, lines ...string) []byte { return []byte(text + "\n" + strings.Join(lines, "")) }
	// resign signs any text as the log would, so that only the text can be what is wrong.
	resign := func(text string) []byte {
		sig, err := key.Private.Sign([]byte(text), Context)
		if err != nil {
			t.Fatal(err)
		}
		seal := s.sealText(text)
		return s.verifier.composite.append(s.verifier.ed25519.append([]byte(text+"\n"), seal), sig)
	}
	if _, err := s.Verifier().Open(resign(text)); err != nil {
		t.Fatal(err)
	}
	// swapped is the composite line with one half of another good signature.
	swapped := func(from, to int, h Head, context string) string {
		sig, _ := signature([]byte(composite))
		theirs, err := key.Private.Sign([]byte(h.Text()), context)
		if err != nil {
			t.Fatal(err)
		}
		mixed := bytes.Clone(sig)
		copy(mixed[from:to], theirs[from:to])
		return string(s.verifier.composite.append(nil, mixed))
	}
	const half = keys.SignatureSize - 64
	for _, c := range []struct {
		name string
		note []byte
		want string
	}{
		{"no Ed25519 line", note(text, composite), "lacks the log's Ed25519 line"},
		{"no composite line", note(text, ed), "lacks the log's composite line"},
		{"the ML-DSA-44 line for the composite one", note(text, ed, third), "lacks the log's composite line"},
		{"no line", []byte(text + "\n"), "malformed"},
		{"another key's lines", foreign, "not signed by the key"},
		{"another key's composite line", note(text, ed, strings.SplitAfter(string(foreign), "\n")[5]), "lacks the log's composite line"},
		{"two Ed25519 lines", note(text, ed, ed, composite), "two Ed25519 lines"},
		{"two composite lines, the second bad", note(text, ed, composite, string(s.verifier.composite.append(nil, make([]byte, keys.SignatureSize)))), "two composite lines"},
		{"a bad ML-DSA-44 line", note(text, ed, composite, string(s.verifier.mldsa44.append(nil, make([]byte, 8+2420)))), "invalid signature"},
		{"a short ML-DSA-44 line", note(text, ed, composite, string(s.verifier.mldsa44.append(nil, make([]byte, 20)))), "invalid signature"},
		{"an ML-DSA-44 line without a time", note(text, ed, composite, string(s.verifier.mldsa44.append(nil, make([]byte, 1)))), "invalid signature"},
		{"an ML-DSA-44 line of a forbidden time", note(text, ed, composite, string(s.verifier.mldsa44.append(nil, s.cosign(t, h, 1<<63)))), "invalid signature"},
		{"two ML-DSA-44 lines", note(text, ed, composite, third, third), "two ML-DSA-44 lines"},
		{"another size", edit(t, good, "\n1000\n", "\n1001\n"), "invalid signature"},
		{"another root", edit(t, good, strings.Split(text, "\n")[2], base64.StdEncoding.EncodeToString(make([]byte, 32))), "invalid signature"},
		{"another origin in the text", bytes.Replace(good, []byte("press-7"), []byte("press-8"), 1), "invalid signature"},
		{"composite with the ML-DSA half of another head", note(text, ed, swapped(0, half, head(1001), Context)), "invalid signature"},
		{"composite with the Ed25519 half of another head", note(text, ed, swapped(half, keys.SignatureSize, head(1001), Context)), "invalid signature"},
		{"composite of the context of entries", note(text, ed, swapped(0, keys.SignatureSize, h, EntryContext)), "invalid signature"},
		{"composite with the ML-DSA half of the context of entries", note(text, ed, swapped(0, half, h, EntryContext)), "invalid signature"},
		{"extension line", resign(text + "extension\n"), "three lines"},
		{"two lines", resign(origin + "\n1000\n"), "three lines"},
		{"empty text", resign("\n"), "three lines"},
		{"leading zero", resign(strings.Replace(text, "\n1000\n", "\n01000\n", 1)), "not spelled"},
		{"a sign", resign(strings.Replace(text, "\n1000\n", "\n+1000\n", 1)), "no number"},
		{"negative", resign(strings.Replace(text, "\n1000\n", "\n-1\n", 1)), "no number"},
		{"no size", resign(strings.Replace(text, "\n1000\n", "\n\n", 1)), ""},
		{"too large", resign(strings.Replace(text, "\n1000\n", "\n9223372036854775808\n", 1)), "no number"},
		{"short root", resign(origin + "\n1000\nAAAA\n"), "root hash"},
		{"root with stray bits", resign(text[:len(text)-3] + strayed(text[len(text)-3]) + "=\n"), "spelled"},
		{"another log's text under this log's lines", resign(strings.Replace(text, "press-7", "press-8", 1)), "is of the log"},
		{"line with stray bits", note(text, stray(t, ed), composite), "spelled"},
		{"too long", note(text, append([]string{ed, composite}, strings.Repeat("— x AAAAAAAA\n", MaxNote/10))...), "more than"},
		{"too many lines", note(text, append([]string{ed, composite}, strings.Repeat("— x AAAAAAAA\n", 101))...), "malformed"},
		{"carriage returns", bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), "malformed"},
		{"no UTF-8", append(bytes.Clone(good), "— \xff AAAAAAAA\n"...), "malformed"},
		{"nothing", nil, "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := s.Verifier().Open(c.note); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	for name, v := range map[string]*Verifier{
		"key":    newSigner(t, origin, other).Verifier(),
		"origin": newSigner(t, "bulkhead/press-8/0123456789abcdef", key).Verifier(),
	} {
		if _, err := v.Open(good); err == nil {
			t.Errorf("opened with another %s", name)
		}
	}
}

func (s *Signer) cosign(t *testing.T, h Head, at uint64) []byte {
	t.Helper()
	sig, err := s.key.MLDSA44.Sign(nil, cosigned(h.Origin, h, at), nil)
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint64(nil, at), sig...)
}

func (s *Signer) sealText(text string) []byte {
	return ed25519.Sign(s.key.Ed25519, []byte(text))
}

// strayed is another last digit of the base64 of 32 bytes, of which only the bits that decoding drops differ.
func strayed(digit byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return string(alphabet[strings.IndexByte(alphabet, digit)^1])
}

// stray changes only bits of a line that decoding drops. 68 bytes end in "=".
func stray(t *testing.T, line string) string {
	t.Helper()
	body, ok := strings.CutSuffix(line, "=\n")
	if !ok {
		t.Fatalf("the line ends in %q", line[len(line)-4:])
	}
	return body[:len(body)-1] + strayed(body[len(body)-1]) + "=\n"
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
