package checkpoint

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"bulkhead/host/keys"
)

// MaxNote is the longest checkpoint in bytes. The log's own lines take 8 KiB; the rest is room for witnesses.
const MaxNote = 128 << 10

// A Verifier checks what one log signed. It is immutable and safe for concurrent use.
type Verifier struct {
	origin                      string
	key                         *keys.AuditPublic
	ed25519, composite, mldsa44 *line
}

// NewVerifier returns the verifier of the log with this origin and key.
func NewVerifier(origin string, key *keys.AuditPublic) (*Verifier, error) {
	if err := CheckOrigin(origin); err != nil {
		return nil, err
	}
	return &Verifier{
		origin: origin, key: key,
		ed25519: ed25519Line(origin, key.Ed25519), composite: compositeLine(origin, key.Public), mldsa44: mldsa44Line(origin, key.MLDSA44),
	}, nil
}

// Origin returns the log's origin.
func (v *Verifier) Origin() string { return v.origin }

// Key returns the log's public key.
func (v *Verifier) Key() *keys.AuditPublic { return v.key }

// VerifierKeys are a log's keys in the form of signed-note (vkeys), for other tools.
type VerifierKeys struct {
	Ed25519   string `json:"ed25519"`
	Composite string `json:"composite"`
	MLDSA44   string `json:"mldsa44"`
}

// Keys returns the verifier keys of the three lines.
func (v *Verifier) Keys() VerifierKeys {
	return VerifierKeys{v.ed25519.vkey(), v.composite.vkey(), v.mldsa44.vkey()}
}

// Seal reports whether sig is the Ed25519 signature, 64 bytes, over the text of h, which must be a head of this log.
func (v *Verifier) Seal(h Head, sig []byte) bool {
	return h.Origin == v.origin && v.ed25519.verify([]byte(h.Text()), sig)
}

// Open checks a checkpoint and returns its head. The Ed25519 and the composite line must be there and hold; the ML-DSA-44
// line must hold if it is there; lines of other keys are ignored.
func (v *Verifier) Open(checkpoint []byte) (Head, error) {
	if len(checkpoint) > MaxNote {
		return Head{}, fmt.Errorf("a checkpoint has more than %d bytes", MaxNote)
	}
	n, err := note.Open(checkpoint, note.VerifierList(v.ed25519, v.composite, v.mldsa44))
	var unknown *note.UnverifiedNoteError
	if errors.As(err, &unknown) {
		return Head{}, fmt.Errorf("the checkpoint is not signed by the key %s as %s", v.key.KeyID[:16], v.origin)
	}
	if err != nil {
		return Head{}, fmt.Errorf("opening the checkpoint: %w", err)
	}
	for _, l := range []*line{v.ed25519, v.composite} {
		if !slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Hash == l.id && s.Name == l.name }) {
			return Head{}, fmt.Errorf("the checkpoint lacks the log's %s line", l.what)
		}
	}
	if err := v.spelled(checkpoint[len(n.Text)+1:]); err != nil {
		return Head{}, err
	}
	h, err := parseHead(n.Text)
	if err == nil && h.Origin != v.origin {
		err = fmt.Errorf("the checkpoint is of the log %s, not %s", h.Origin, v.origin)
	}
	if err != nil {
		return Head{}, err
	}
	return h, nil
}

// spelled refuses two lines of one of the log's keys, of which only the first was checked, and a line of theirs in another
// spelling. note.Open has found lines to be well formed.
func (v *Verifier) spelled(lines []byte) error {
	seen := map[*line]bool{}
	for text := range bytes.Lines(lines) {
		l := v.of(text)
		if l == nil {
			continue
		}
		if seen[l] {
			return fmt.Errorf("the checkpoint has two %s lines of the log", l.what)
		}
		seen[l] = true
		if sig, _ := signature(text); !bytes.Equal(l.append(nil, sig), text) {
			return fmt.Errorf("the checkpoint's %s line is not spelled as the specification wants it", l.what)
		}
	}
	return nil
}

// of returns the key that a signature line is of, nil if it is none of the log's.
func (v *Verifier) of(text []byte) *line { return find(text, v.ed25519, v.composite, v.mldsa44) }

// find returns the one of some keys that a signature line is of, nil if there is none.
func find(text []byte, keys ...*line) *line {
	_, id := signature(text)
	for _, l := range keys {
		if id == l.id && bytes.HasPrefix(text, []byte("— "+l.name+" ")) {
			return l
		}
	}
	return nil
}

// signature returns what a signature line holds: a signature and the id of its key.
func signature(text []byte) (sig []byte, id uint32) {
	raw, err := base64.StdEncoding.DecodeString(string(text[bytes.LastIndexByte(text, ' ')+1:]))
	if err != nil || len(raw) < 4 {
		return nil, 0
	}
	return raw[4:], binary.BigEndian.Uint32(raw)
}
