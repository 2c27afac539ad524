package keys

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
)

func testKey(t testing.TB, fill byte) *Private {
	t.Helper()
	k, err := NewPrivate(bytes.Repeat([]byte{fill}, SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The vector of draft-ietf-lamps-pq-composite-sigs-19, src/testvectors.json.
func TestIETFVector(t *testing.T) {
	var v struct {
		M, Ctx []byte
		Tests  []struct {
			TcID         string
			PK, SK       []byte
			S            []byte
			SWithContext []byte
		}
	}
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Tests) != 1 || v.Tests[0].TcID != Algorithm {
		t.Fatalf("the vector file holds not just %s", Algorithm)
	}
	c := v.Tests[0]
	p, err := ParsePublic(c.PK)
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewPrivate(c.SK)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(k.Public().Bytes(), c.PK) {
		t.Error("the seed makes another public key")
	}
	check := func(name, context string, sig []byte, want error) {
		if err := p.Verify(v.M, context, sig); err != want {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	check("no context", "", c.S, nil)
	check("context", string(v.Ctx), c.SWithContext, nil)
	check("context missing", "", c.SWithContext, ErrSignature)
	check("context added", string(v.Ctx), c.S, ErrSignature)
}

// The oracle is the construction of the draft once more, over another ML-DSA.
func oracleM(message []byte, context string) []byte {
	hash := sha512.Sum512(message)
	return fmt.Appendf(nil, "CompositeAlgorithmSignatures2025COMPSIG-MLDSA65-Ed25519-SHA512%c%s%s", len(context), context, hash[:])
}

func oracleSign(t testing.TB, seed, message []byte, context string, randomized bool) (public, sig []byte) {
	t.Helper()
	pk, sk := mldsa65.NewKeyFromSeed((*[32]byte)(seed))
	ed := ed25519.NewKeyFromSeed(seed[32:])
	m := oracleM(message, context)
	sig = make([]byte, mldsa65.SignatureSize)
	if err := mldsa65.SignTo(sk, m, []byte("COMPSIG-MLDSA65-Ed25519-SHA512"), randomized, sig); err != nil {
		t.Fatal(err)
	}
	return append(pk.Bytes(), ed.Public().(ed25519.PublicKey)...), append(sig, ed25519.Sign(ed, m)...)
}

func oracleVerify(public, message []byte, context string, sig []byte) bool {
	var pk mldsa65.PublicKey
	if pk.UnmarshalBinary(public[:1952]) != nil {
		return false
	}
	m := oracleM(message, context)
	return mldsa65.Verify(&pk, m, []byte("COMPSIG-MLDSA65-Ed25519-SHA512"), sig[:3309]) && ed25519.Verify(public[1952:], m, sig[3309:])
}

func TestOracle(t *testing.T) {
	for i, context := range []string{"", "bulkhead/plugin/v1", "bulkhead/sign/v1/acme/inspect/report", strings.Repeat("c", 127)} {
		seed := bytes.Repeat([]byte{byte(i + 1)}, SeedSize)
		seed[40]++ // two different halves
		message := bytes.Repeat([]byte{'m'}, i*100)
		public, theirs := oracleSign(t, seed, message, context, true)
		k, err := NewPrivate(seed)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(k.Public().Bytes(), public) {
			t.Fatalf("%q: another public key", context)
		}
		if err := k.Public().Verify(message, context, theirs); err != nil {
			t.Errorf("%q: the oracle's signature: %v", context, err)
		}
		ours, err := k.Sign(message, context)
		if err != nil {
			t.Fatal(err)
		}
		if !oracleVerify(public, message, context, ours) {
			t.Errorf("%q: the oracle refuses ours", context)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	k, other := testKey(t, 1), testKey(t, 2)
	message, context := []byte("the message"), "bulkhead/test/v1"
	sign := func(k *Private, message []byte, context string) []byte {
		sig, err := k.Sign(message, context)
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	good := sign(k, message, context)
	theirs := sign(other, message, context)
	const half = 3309
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	flip := func(i int) []byte { b := bytes.Clone(good); b[i] ^= 1; return b }
	for _, c := range []struct {
		name string
		sig  []byte
	}{
		{"empty", nil},
		{"ML-DSA half alone", good[:half]},
		{"Ed25519 half alone", good[half:]},
		{"Ed25519 half zero", join(good[:half], make([]byte, 64))},
		{"ML-DSA half zero", join(make([]byte, half), good[half:])},
		{"swapped halves", join(good[half:], good[:half])},
		{"another key's ML-DSA half", join(theirs[:half], good[half:])},
		{"another key's Ed25519 half", join(good[:half], theirs[half:])},
		{"another key", theirs},
		{"another context", sign(k, message, "bulkhead/test/v2")},
		{"no context", sign(k, message, "")},
		{"context moved into the message", sign(k, append([]byte(context), message...), "")},
		{"another message", sign(k, []byte("the massage"), context)},
		{"a byte less", good[:len(good)-1]},
		{"a byte more", append(bytes.Clone(good), 0)},
		{"first bit flipped", flip(0)},
		{"last ML-DSA byte flipped", flip(half - 1)},
		{"first Ed25519 byte flipped", flip(half)},
		{"last bit flipped", flip(len(good) - 1)},
	} {
		if err := k.Public().Verify(message, context, c.sig); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := k.Public().Verify(message, context, good); err != nil {
		t.Errorf("the good signature: %v", err)
	}
}

// Every bit of an Ed25519 half, and one bit of every byte of an ML-DSA half.
func TestVerifyRefusesFlippedBits(t *testing.T) {
	k := testKey(t, 3)
	message := []byte("m")
	sig, err := k.Sign(message, "c")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(i, bit int) {
		sig[i] ^= 1 << bit
		if k.Public().Verify(message, "c", sig) == nil {
			t.Errorf("bit %d of byte %d flipped: accepted", bit, i)
		}
		sig[i] ^= 1 << bit
	}
	for i := range sig {
		refused(i, i%8)
	}
	for i := len(sig) - ed25519.SignatureSize; i < len(sig); i++ {
		for bit := range 8 {
			refused(i, bit)
		}
	}
}

func TestContextLimit(t *testing.T) {
	k := testKey(t, 4)
	long := strings.Repeat("c", MaxContext)
	sig, err := k.Sign(nil, long)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Public().Verify(nil, long, sig); err != nil {
		t.Error(err)
	}
	if _, err := k.Sign(nil, long+"c"); err == nil {
		t.Error("signed in a context of 256 bytes")
	}
	if err := k.Public().Verify(nil, long+"c", sig); err == nil {
		t.Error("verified in a context of 256 bytes")
	}
}

func TestWrongLengths(t *testing.T) {
	for _, n := range []int{0, 32, 63, 65, 1952, PublicSize - 1, PublicSize + 1} {
		if _, err := ParsePublic(make([]byte, n)); err == nil {
			t.Errorf("public key of %d bytes accepted", n)
		}
		if _, err := NewPrivate(make([]byte, n)); err == nil {
			t.Errorf("seed of %d bytes accepted", n)
		}
	}
}

func TestGenerateDiffers(t *testing.T) {
	a, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	b, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	if a.Public().ID() == b.Public().ID() {
		t.Error("two generated keys are one")
	}
}

func TestPrintingHidesSeeds(t *testing.T) {
	k := testKey(t, 5)
	for _, text := range []string{fmt.Sprintf("%v %+v %s", k, k, k), fmt.Sprintf("%#v", k), fmt.Sprintf("%v", *k), fmt.Sprintf("%+v", Key{Private: k})} {
		if strings.Contains(text, "5 5 5") || strings.Contains(text, "05050505") || strings.Contains(text, "0x5, 0x5") {
			t.Errorf("the seed is in %.80q", text)
		}
	}
}

func FuzzVerify(f *testing.F) {
	// The oracle signs the same way in every fuzzing process.
	message := []byte("message")
	k := testKey(f, 6)
	_, sig := oracleSign(f, bytes.Repeat([]byte{6}, SeedSize), message, "c", false)
	f.Add(message, "c", sig)
	f.Add(message, "", sig)
	f.Add([]byte{}, "c", sig[:3309])
	f.Fuzz(func(t *testing.T, m []byte, context string, s []byte) {
		err := k.Public().Verify(m, context, s)
		if same := bytes.Equal(m, message) && context == "c" && bytes.Equal(s, sig); (err == nil) != same {
			t.Errorf("Verify: %v, the one good signature: %v", err, same)
		}
	})
}

func FuzzParsePublic(f *testing.F) {
	f.Add(testKey(f, 7).Public().Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := ParsePublic(raw)
		if err == nil && !bytes.Equal(p.Bytes(), raw) {
			t.Error("a public key changed in parsing")
		}
	})
}
