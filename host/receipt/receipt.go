// Package receipt checks what a client got with a tool's answer: that the entry in it is in a log that one key signs, and
// that this entry speaks of the request and the response at hand. It needs no network and nothing of the host that made
// the receipt but its public key, so a third party may use it as it is.
//
// Invariants: everything read is strict JSON of bounded size; nothing of an entry is reported before the log's signature
// over it was checked.
package receipt

import (
	"encoding/base64"
	"errors"
	"fmt"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/strictjson"
)

// ErrOrigin says that the log's name is one that the key alone does not vouch for.
var ErrOrigin = errors.New("the log has a name that is not its key's own")

// NotProven is what no receipt proves, in one line.
const NotProven = "that the device keeps no second log for others: only a witness who saw this checkpoint could say so"

// Config is whose receipts are believed.
type Config struct {
	Key    *keys.AuditPublic
	Origin string // of the log; "": whatever the receipt says, if checkpoint.Origin could have made it of the key
}

// Claims is what a receipt is held against, each JSON as ReadResult and ReadParams give it. What is nil is not checked.
type Claims struct {
	Result []byte
	Params []byte
}

// A Report is what a receipt proves.
type Report struct {
	Head  checkpoint.Head
	Index uint64
	Hash  string // hex SHA-256 of the entry's bytes
	Entry gate.Entry
	Bytes []byte // the entry as it is in the log

	Signed            bool // the entry has a signature of its own, which holds
	Request, Response bool // the digest was compared, and is that of the claim
}

// Check returns what r proves, or an error that says what is wrong with it.
func Check(c Config, r gate.Proof, claims Claims) (*Report, error) {
	p, err := checkpoint.ParseProof([]byte(r.Proof))
	if err != nil {
		return nil, err
	}
	v, err := c.verifier(p)
	if err != nil {
		return nil, err
	}
	report := &Report{Index: p.Index, Bytes: []byte(r.Entry), Hash: digest(nil, []byte(r.Entry))}
	if report.Head, err = v.Check(p, report.Bytes); err != nil {
		return nil, err
	}
	if err := report.readEntry(v); err != nil {
		return nil, err
	}
	return report, report.compare(r.Salt, claims)
}

// verifier is the one of the log that the receipt speaks of, if that may be the key's.
func (c Config) verifier(p checkpoint.Proof) (*checkpoint.Verifier, error) {
	origin := checkpoint.Claimed(p.Checkpoint)
	if err := checkpoint.CheckOrigin(origin); err != nil {
		return nil, err
	}
	switch {
	case c.Origin == "" && !checkpoint.Owns(origin, c.Key):
		return nil, fmt.Errorf("%w: %s", ErrOrigin, origin)
	case c.Origin != "" && c.Origin != origin:
		return nil, fmt.Errorf("the receipt is of the log %s, not %s", origin, c.Origin)
	}
	return checkpoint.NewVerifier(origin, c.Key)
}

// readEntry reads the entry that was found in the log. A receipt is about the result of a call.
func (r *Report) readEntry(v *checkpoint.Verifier) error {
	body, sig, err := checkpoint.WithoutSignature(r.Bytes)
	if err != nil {
		return err
	}
	if err := strictjson.Decode(body, &r.Entry); err != nil {
		return fmt.Errorf("reading the entry: %w", err)
	}
	if r.Entry.Event != gate.CallResult || r.Entry.Kind != gate.KindResult {
		return fmt.Errorf("the entry is of the event %.40q, and a receipt is about a %s", r.Entry.Event, gate.CallResult)
	}
	if sig == nil {
		return nil
	}
	if err := v.Entry(body, sig); err != nil {
		return fmt.Errorf("the entry's own signature: %w", err)
	}
	r.Signed = true
	return nil
}

// saltSize is that of every salt.
const saltSize = 16

// compare holds the entry's digests against the claims.
func (r *Report) compare(salt string, claims Claims) error {
	raw, err := base64.StdEncoding.DecodeString(salt)
	if err != nil || len(raw) != saltSize || base64.StdEncoding.EncodeToString(raw) != salt {
		return fmt.Errorf("the receipt's salt is not the base64 of %d bytes", saltSize)
	}
	for _, c := range []struct {
		what     string
		data     []byte
		want     string
		compared *bool
	}{
		{"request", claims.Params, r.Entry.Request, &r.Request},
		{"response", claims.Result, r.Entry.Response, &r.Response},
	} {
		if c.data == nil {
			continue
		}
		canonical, err := strictjson.Canonical(c.data)
		if err != nil {
			return fmt.Errorf("reading the %s: %w", c.what, err)
		}
		if digest(raw, canonical) != c.want {
			return fmt.Errorf("the entry is of another %s: its digest differs", c.what)
		}
		*c.compared = true
	}
	return nil
}
