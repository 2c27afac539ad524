package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"bulkhead/host/keys"
)

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
