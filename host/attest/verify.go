package attest

import (
	"bytes"
	"errors"
	"fmt"

	"bulkhead/host/strictjson"
)

// MaxEvidence is the size of the largest evidence that Verify reads, in bytes.
const MaxEvidence = 1 << 20

// The refusals of Verify that a caller may want to tell apart from bad form.
var (
	ErrRequester = errors.New("the evidence was made for another requester")
	ErrNonce     = errors.New("the evidence answers another nonce")
	ErrKey       = errors.New("the evidence is of another key")
	ErrSignature = errors.New("the evidence is not signed by its key")
)

// A PublicKey is the evidence key that a verifier trusts.
type PublicKey interface {
	Bytes() []byte
	// Verify returns nil for the key's signature over message in context.
	Verify(message []byte, context string, signature []byte) error
}

// Expected is what a verifier knows beforehand. Every field is required: evidence for whoever, or from whomever, is not
// evidence.
type Expected struct {
	Key       PublicKey
	Requester Requester
	Nonce     []byte
}

// Verify decodes evidence strictly and returns it if it is exactly what was expected and everything in it is signed. It
// is the caller's to look at Assurance and Development: both say how little was proven.
func Verify(data []byte, want Expected) (*Evidence, error) {
	if want.Key == nil {
		return nil, errors.New("verifying evidence: no key is trusted")
	}
	if err := errors.Join(want.Requester.check(), checkNonce(want.Nonce)); err != nil {
		return nil, fmt.Errorf("verifying evidence: %w", err)
	}
	e, err := decode(data)
	if err == nil {
		err = e.verify(want)
	}
	if err != nil {
		return nil, fmt.Errorf("verifying evidence: %w", err)
	}
	return e, nil
}

func decode(data []byte) (*Evidence, error) {
	if len(data) > MaxEvidence {
		return nil, fmt.Errorf("more than %d bytes", MaxEvidence)
	}
	var e Evidence
	if err := strictjson.Decode(data, &e); err != nil {
		return nil, err
	}
	if e.Type != Type || e.Kind != KindSoftware || e.Assurance != AssuranceNone || e.Statement != statement {
		return nil, fmt.Errorf("type %.40q, kind %.40q and assurance %.40q with its statement are not known", e.Type, e.Kind, e.Assurance)
	}
	return &e, e.spelled(data)
}

// spelled refuses any other spelling of the evidence than its own, white space and order aside: no member may be missing
// because its value is zero.
func (e *Evidence) spelled(data []byte) error {
	own, err := e.encode()
	if err != nil {
		return err
	}
	theirs, err := strictjson.Canonical(data)
	if err == nil && !bytes.Equal(own, theirs) {
		err = errors.New("a member is missing or is spelled otherwise")
	}
	return err
}

func (e *Evidence) verify(want Expected) error {
	switch {
	case !bytes.Equal(e.PublicKey, want.Key.Bytes()) || e.KeyID != keyID(e.PublicKey):
		return ErrKey
	case e.Requester != want.Requester:
		return ErrRequester
	case !bytes.Equal(e.Nonce, want.Nonce):
		return ErrNonce
	case e.QualifyingData != e.qualify():
		return errors.New("the qualifying data are not those of the fields")
	}
	unsigned := *e
	unsigned.Signature = nil
	message, err := unsigned.encode()
	if err != nil {
		return err
	}
	if want.Key.Verify(message, Type, e.Signature) != nil {
		return ErrSignature
	}
	return nil
}
