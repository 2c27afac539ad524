package checkpoint

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"

	"bulkhead/host/keys"
)

// An entry that has its own signature ends in this member. Inside a JSON string its quotation marks would be escaped, and
// inside a nested object a second brace would follow, so bytes that end like this are an entry with that last member.
const (
	memberStart = `,"signature":"`
	memberEnd   = `"}`
)

// SignEntry returns the composite signature over an entry's bytes without its signature member.
func (s *Signer) SignEntry(body []byte) ([]byte, error) {
	return s.key.Private.Sign(body, EntryContext)
}

// Entry returns nil if sig is the log's over an entry's bytes without its signature member.
func (v *Verifier) Entry(body, sig []byte) error {
	return v.key.Public.Verify(body, EntryContext, sig)
}

// WithSignature puts the signature into the entry that it is over.
func WithSignature(body, sig []byte) ([]byte, error) {
	rest, ok := bytes.CutSuffix(body, []byte("}"))
	if !ok || len(sig) != keys.SignatureSize {
		return nil, errors.New("signing an entry: not an object and a signature")
	}
	out := append(bytes.Clone(rest), memberStart...)
	out = base64.StdEncoding.AppendEncode(out, sig)
	return append(out, memberEnd...), nil
}

// WithoutSignature is the reverse of WithSignature. An entry without a signature is returned as it is, with a nil sig. Whether
// the signature holds, Verifier.Entry says.
func WithoutSignature(entry []byte) (body, sig []byte, err error) {
	encoded := base64.StdEncoding.EncodedLen(keys.SignatureSize)
	at := len(entry) - len(memberStart) - encoded - len(memberEnd)
	if at < 0 || !bytes.HasPrefix(entry[at:], []byte(memberStart)) || !bytes.HasSuffix(entry, []byte(memberEnd)) {
		return entry, nil, nil
	}
	text := string(entry[at+len(memberStart) : len(entry)-len(memberEnd)])
	sig, err = base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(sig) != text {
		return nil, nil, fmt.Errorf("the entry's signature is not standard base64")
	}
	return append(bytes.Clone(entry[:at]), '}'), sig, nil
}
