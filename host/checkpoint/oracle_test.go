package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/formats/log"
	formats "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
)

// stranger knows the composite type by what signed-note says of types, and nothing of line.go.
type stranger struct {
	name   string
	id     uint32
	verify func(msg, sig []byte) bool
}

func (s stranger) Name() string                { return s.name }
func (s stranger) KeyHash() uint32             { return s.id }
func (s stranger) Verify(msg, sig []byte) bool { return s.verify(msg, sig) }

// verifiers are those of the libraries, made of verifier keys, one for each line.
func verifiers(t *testing.T, s *Signer) map[string]note.Verifier {
	t.Helper()
	k := s.Verifier().Keys()
	ed, err := note.NewVerifier(k.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	m, err := formats.NewMLDSAVerifier(k.MLDSA44)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(k.Composite, "+")
	raw, err := base64.StdEncoding.DecodeString(strings.Join(parts[2:], "+"))
	var id uint32
	if _, scanned := fmt.Sscanf(parts[1], "%08x", &id); err != nil || scanned != nil {
		t.Fatal(err, scanned)
	}
	key, ok := bytes.CutPrefix(raw, []byte("\xffbulkhead/composite-mldsa65-ed25519"))
	if !ok || !bytes.Equal(key, s.key.Private.Public().Bytes()) || parts[0] != s.Origin() {
		t.Fatalf("the composite's verifier key is %.80q", raw)
	}
	composite := stranger{parts[0], id, func(msg, sig []byte) bool {
		return s.key.Private.Public().Verify(msg, "bulkhead/checkpoint/v1", sig) == nil
	}}
	return map[string]note.Verifier{"Ed25519": ed, "ML-DSA-44": m, "composite": composite}
}

// Whoever knows one of the three lines verifies with that alone, and the other two are unknown to him.
func TestEachLineAlone(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	h := head(20852163)
	published := publish(t, s, h)
	for name, v := range verifiers(t, s) {
		n, err := note.Open(published, note.VerifierList(v))
		if err != nil || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 2 || n.Text != h.Text() {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
		tampered := edit(t, published, "\n20852163\n", "\n20852164\n")
		if _, err := note.Open(tampered, note.VerifierList(v)); err == nil {
			t.Errorf("%s: another size verifies", name)
		}
		parsed, rest, _, err := log.ParseCheckpoint(published, origin, v)
		if err != nil || parsed.Size != h.Size || !bytes.Equal(parsed.Hash, h.Root[:]) || len(rest) != 0 {
			t.Errorf("%s: %+v, %q, %v", name, parsed, rest, err)
		}
	}
}

// The libraries sign what we open: made with their signers of the same keys, a checkpoint has the same lines.
func TestLinesOfTheLibraries(t *testing.T) {
	key := newKey(t)
	s := newSigner(t, origin, key)
	h := head(3)
	skey := func(id uint32, kind byte, seed []byte) string {
		return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", origin, id, base64.StdEncoding.EncodeToString(append([]byte{kind}, seed...)))
	}
	ed, err := note.NewSigner(skey(s.verifier.ed25519.id, 1, key.Ed25519.Seed()))
	if err != nil {
		t.Fatal(err)
	}
	m, err := formats.NewMLDSASigner(skey(s.verifier.mldsa44.id, 6, key.MLDSA44.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := note.Sign(&note.Note{Text: h.Text()}, ed, m)
	if err != nil {
		t.Fatal(err)
	}
	ours := sign(t, s, h)
	composite := strings.SplitAfter(string(ours), "\n")[5]
	if got, err := s.Verifier().Open(append(theirs, composite...)); err != nil || got != h {
		t.Errorf("%+v, %v", got, err)
	}
	if !strings.HasPrefix(string(ours), strings.Join(strings.SplitAfter(string(theirs), "\n")[:5], "")) {
		t.Error("the Ed25519 line differs from the library's")
	}
	at, err := formats.CoSigV1Timestamp(note.Signature{Base64: strings.Fields(string(publish(t, s, h)[len(ours):]))[2]})
	if err != nil || !at.Equal(time.Unix(1_700_000_000, 0)) {
		t.Errorf("the library reads the time %v, %v", at, err)
	}
	vkey, err := note.NewEd25519VerifierKey(origin, key.Ed25519.Public().(ed25519.PublicKey))
	if err != nil || vkey != s.Verifier().Keys().Ed25519 {
		t.Errorf("%s, want %s", s.Verifier().Keys().Ed25519, vkey)
	}
}

// The library reads our proofs and writes the same bytes, and refuses what it refuses together with us.
func TestProofOfTheLibrary(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	for _, size := range []int{1, 2, 3, 9} {
		for _, extra := range [][]byte{nil, []byte("more")} {
			_, p := proven(t, s, size, size/2)
			p.Extra = extra
			var theirs proof.TLogProof
			if err := theirs.Unmarshal(p.Marshal()); err != nil {
				t.Fatalf("size %d: %v", size, err)
			}
			if theirs.Index != p.Index || !bytes.Equal(theirs.Checkpoint, p.Checkpoint) || !bytes.Equal(theirs.ExtraData, extra) || len(theirs.Hashes) != len(p.Hashes) {
				t.Errorf("size %d: read %+v", size, theirs)
			}
			if !bytes.Equal(theirs.Marshal(), p.Marshal()) {
				t.Errorf("size %d: the library writes other bytes", size)
			}
		}
	}
}
