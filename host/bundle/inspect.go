package bundle

import (
	"errors"
	"fmt"
)

// Unverified is a bundle about whose origin nothing is known: its digests fit its own statement, no more. It serves
// `host plugin inspect` and the author's workbench, and nothing that acts for anybody.
type Unverified struct {
	Contents
	Signed bool     // there is an envelope
	KeyIDs []string // the keys that its signatures name; nobody checked them
}

// Inspect reads a built bundle, signed or not, without asking who signed it. Everything but the signatures is checked as
// in Open. Errors are *Refused.
func Inspect(dir string) (*Unverified, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, refuse(dir, err)
	}
	defer f.Close()
	u, _, err := f.inspect()
	if err != nil {
		return nil, refuse(dir, err)
	}
	return u, nil
}

// inspect also returns the envelope, without signatures for a bundle that nobody signed.
func (f *folder) inspect() (*Unverified, *envelope, error) {
	e, name, err := f.payload()
	if err != nil {
		return nil, nil, err
	}
	s, err := parseStatement(e.payload)
	if err != nil {
		return nil, nil, err
	}
	files, err := f.readAll(s, name)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.contents(hexDigest(e.payload), files)
	if err != nil {
		return nil, nil, err
	}
	u := &Unverified{Contents: *c, Signed: name == envelopeFile}
	for _, sig := range e.signatures {
		u.KeyIDs = append(u.KeyIDs, sig.keyID)
	}
	return u, e, nil
}

// payload reads the envelope, or else the statement of an unsigned bundle.
func (f *folder) payload() (*envelope, string, error) {
	if !f.has(envelopeFile) && f.has(statementFile) {
		data, err := f.read(statementFile, maxStatement)
		return &envelope{payload: data}, statementFile, err
	}
	data, err := f.read(envelopeFile, MaxEnvelope)
	if err != nil {
		return nil, "", err
	}
	e, err := parseEnvelope(data)
	return e, envelopeFile, err
}

// refuse makes err a *Refused.
func refuse(dir string, err error) *Refused {
	var h *hintedError
	if errors.As(err, &h) {
		return &Refused{Path: dir, Reason: h.reason, Hint: h.hint}
	}
	return &Refused{Path: dir, Reason: err.Error()}
}

type hintedError struct{ reason, hint string }

func (e *hintedError) Error() string { return fmt.Sprintf("%s (%s)", e.reason, e.hint) }

func hinted(reason, hint string) error { return &hintedError{reason, hint} }
