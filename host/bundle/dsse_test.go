package bundle

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"bulkhead/host/keys"
)

// adapter lets the library sign and verify with our keys.
type adapter struct{ key *keys.Private }

func (a adapter) Sign(_ context.Context, data []byte) ([]byte, error) {
	return a.key.Sign(data, SignatureContext)
}
func (a adapter) Verify(_ context.Context, data, sig []byte) error {
	return a.key.Public().Verify(data, SignatureContext, sig)
}
func (a adapter) KeyID() (string, error)   { return a.key.Public().ID(), nil }
func (a adapter) Public() crypto.PublicKey { return nil }

func TestDSSEOracle(t *testing.T) {
	one, two := adapter{key(t, 1)}, adapter{key(t, 2)}
	payload := []byte(`{"any":"bytes"}`)

	signer, err := dsse.NewEnvelopeSigner(one, two)
	do(t, err)
	theirs, err := signer.SignPayload(t.Context(), PayloadType, payload)
	do(t, err)
	data, err := json.Marshal(theirs)
	do(t, err)
	e, err := parseEnvelope(data)
	do(t, err)
	listed := map[string]*keys.Public{one.key.Public().ID(): one.key.Public(), two.key.Public().ID(): two.key.Public()}
	signers, err := e.verify(listed)
	if err != nil || len(signers) != 2 || !bytes.Equal(e.payload, payload) {
		t.Errorf("their envelope: %v, %v, %q", signers, err, e.payload)
	}

	ours := &envelope{payload: payload}
	do(t, ours.sign(one.key))
	do(t, ours.sign(two.key))
	data, err = ours.encode()
	do(t, err)
	var decoded dsse.Envelope
	do(t, json.Unmarshal(data, &decoded))
	verifier, err := dsse.NewMultiEnvelopeVerifier(2, one, two)
	do(t, err)
	accepted, body, err := verifier.VerifyAndDecode(t.Context(), &decoded)
	if err != nil || len(accepted) != 2 || !bytes.Equal(body, payload) {
		t.Errorf("our envelope: %v, %v, %q", accepted, err, body)
	}
	if got, want := preAuthEncoding("a b", []byte("\x00 é")), dsse.PAE("a b", []byte("\x00 é")); !bytes.Equal(got, want) {
		t.Errorf("PAE %q, want %q", got, want)
	}
}

func TestSignAgainReplacesSignature(t *testing.T) {
	f := newFixture(t)
	first := f.read(envelopeFile)
	do(t, Sign(f.dir, key(t, 2)))
	do(t, Sign(f.dir, key(t, 1)))
	u, err := Inspect(f.dir)
	if err != nil || len(u.KeyIDs) != 2 {
		t.Errorf("%v, %v", u, err)
	}
	if bytes.Equal(first, f.read(envelopeFile)) {
		t.Error("nothing was signed")
	}
	if _, err := f.open(); err != nil {
		t.Error(err)
	}
}

func TestSignRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(f *fixture)
		want  string
	}{
		{"a changed file", func(f *fixture) { f.write(WasmFile, "x") }, "digest differs"},
		{"an extra file", func(f *fixture) { f.write("extra", "x") }, "does not speak of it"},
		{"no bundle", func(f *fixture) { f.dir = f.t.TempDir() }, "no such file"},
	} {
		f := newFixture(t)
		c.spoil(f)
		wantRefused(t, Sign(f.dir, key(t, 2)), c.want)
	}
}

func TestSignAfterInterruptedSign(t *testing.T) {
	f := newFixture(t)
	f.write(newEnvelopeFile, "half")
	do(t, Sign(f.dir, key(t, 1)))
	if _, err := f.open(); err != nil {
		t.Error(err)
	}
}

func FuzzParseEnvelope(f *testing.F) {
	e := &envelope{payload: []byte("payload")}
	do(f, e.sign(key(f, 1)))
	data, err := e.encode()
	do(f, err)
	f.Add(data)
	f.Add([]byte(`{"payloadType":"application/vnd.in-toto+json","payload":"","signatures":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := parseEnvelope(data)
		if err != nil {
			return
		}
		again, err := e.encode()
		do(t, err)
		if g, err := parseEnvelope(again); err != nil || !bytes.Equal(e.payload, g.payload) || len(e.signatures) != len(g.signatures) {
			t.Errorf("read again: %v", err)
		}
	})
}

func FuzzParseStatement(f *testing.F) {
	for _, source := range []map[string]string{toolSource(), authSource()} {
		dir := build(f, source)
		g := &fixture{t: f, dir: dir}
		f.Add(g.read(statementFile))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseStatement(data)
		if err != nil {
			return
		}
		again, err := s.encode()
		do(t, err)
		if _, err := parseStatement(again); err != nil {
			t.Errorf("read again: %v", err)
		}
		if len(s.Predicate.Files()) != len(s.Subject) {
			t.Errorf("%d files, %d subjects", len(s.Predicate.Files()), len(s.Subject))
		}
	})
}
