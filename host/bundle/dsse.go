package bundle

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"bulkhead/host/keys"
	"bulkhead/host/strictjson"
)

// SignatureContext is the context of every signature over a bundle.
const SignatureContext = "bulkhead/plugin/v1"

// PayloadType is the only DSSE payload type of a bundle.
const PayloadType = "application/vnd.in-toto+json"

// MaxSignatures is the largest number of signatures on one envelope.
const MaxSignatures = 16

// An envelope is a DSSE envelope (github.com/secure-systems-lab/dsse, version 1.0.0) with its payload decoded.
type envelope struct {
	payload    []byte
	signatures []signature
}

type signature struct {
	keyID string
	sig   []byte
}

type envelopeJSON struct {
	PayloadType string          `json:"payloadType"`
	Payload     string          `json:"payload"`
	Signatures  []signatureJSON `json:"signatures"`
}

type signatureJSON struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

// parseEnvelope checks the form of everything, also of signatures by keys that nobody lists.
func parseEnvelope(data []byte) (*envelope, error) {
	var j envelopeJSON
	if err := strictjson.Decode(data, &j); err != nil {
		return nil, fmt.Errorf("decoding the envelope: %w", err)
	}
	if j.PayloadType != PayloadType {
		return nil, fmt.Errorf("payload type is %.80q, want %q", j.PayloadType, PayloadType)
	}
	if len(j.Signatures) == 0 || len(j.Signatures) > MaxSignatures {
		return nil, fmt.Errorf("%d signatures, want 1 to %d", len(j.Signatures), MaxSignatures)
	}
	payload, err := decodeBase64(j.Payload)
	if err != nil {
		return nil, fmt.Errorf("decoding the payload: %w", err)
	}
	e := &envelope{payload: payload}
	for _, s := range j.Signatures {
		sig, err := decodeBase64(s.Sig)
		if err != nil {
			return nil, fmt.Errorf("decoding a signature: %w", err)
		}
		if len(sig) != keys.SignatureSize || !isHexDigest(s.KeyID) {
			return nil, errors.New("a signature or its key id has the wrong length or form")
		}
		e.signatures = append(e.signatures, signature{s.KeyID, sig})
	}
	return e, nil
}

func (e *envelope) encode() ([]byte, error) {
	j := envelopeJSON{PayloadType: PayloadType, Payload: base64.StdEncoding.EncodeToString(e.payload)}
	for _, s := range e.signatures {
		j.Signatures = append(j.Signatures, signatureJSON{s.keyID, base64.StdEncoding.EncodeToString(s.sig)})
	}
	data, err := json.MarshalIndent(j, "", " ")
	return append(data, '\n'), err
}

// verify returns the listed keys that signed, by key id. A signature under a key id that is not listed is ignored; a
// second or a failing one under a listed key id is an error.
func (e *envelope) verify(listed map[string]*keys.Public) ([]string, error) {
	var signers []string
	signed := preAuthEncoding(PayloadType, e.payload)
	for _, s := range e.signatures {
		key, ok := listed[s.keyID]
		if !ok {
			continue
		}
		if slices.Contains(signers, s.keyID) {
			return nil, fmt.Errorf("two signatures of key %s", s.keyID)
		}
		if err := key.Verify(signed, SignatureContext, s.sig); err != nil {
			return nil, fmt.Errorf("the signature of key %s does not verify: the bundle was changed, or signed for something else", s.keyID)
		}
		signers = append(signers, s.keyID)
	}
	return signers, nil
}

// sign adds the signature of key, in place of an older one of the same key.
func (e *envelope) sign(key *keys.Private) error {
	id := key.Public().ID()
	e.signatures = slices.DeleteFunc(e.signatures, func(s signature) bool { return s.keyID == id })
	if len(e.signatures) >= MaxSignatures {
		return fmt.Errorf("the bundle has %d signatures already", len(e.signatures))
	}
	sig, err := key.Sign(preAuthEncoding(PayloadType, e.payload), SignatureContext)
	if err != nil {
		return err
	}
	e.signatures = append(e.signatures, signature{id, sig})
	return nil
}

// preAuthEncoding is PAE of the DSSE protocol: what is signed.
func preAuthEncoding(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

// decodeBase64 takes the one standard encoding of some bytes: with padding, no line breaks, no stray bits.
func decodeBase64(text string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(b) != text {
		return nil, errors.New("not standard base64")
	}
	return b, nil
}

// isHexDigest reports whether s is a SHA-256 digest in lower-case hex.
func isHexDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
