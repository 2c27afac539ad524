package checkpoint

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"filippo.io/mldsa"

	"bulkhead/host/keys"
)

// CompositeType is the signature type of the composite line: 0xff and a name, as signed-note wants it of a type that it
// does not assign. The key is the raw form of keys.Public.
const CompositeType = "\xffbulkhead/composite-mldsa65-ed25519"

// The types that C2SP assigns.
const (
	typeEd25519 = "\x01"
	typeMLDSA44 = "\x06"
)

// Context and EntryContext are the contexts of the composite signatures.
const (
	Context      = "bulkhead/checkpoint/v1"
	EntryContext = "bulkhead/entry/v1"
)

// A line is one of a log's three keys, as a verifier of notes (note.Verifier). Its name is the log's origin.
type line struct {
	what   string // for errors
	name   string
	public string // type and key
	id     uint32
	verify func(text, sig []byte) bool
}

// Name returns the origin.
func (l *line) Name() string { return l.name }

// KeyHash returns the key id.
func (l *line) KeyHash() uint32 { return l.id }

// Verify reports whether sig is the key's over a note's text.
func (l *line) Verify(text, sig []byte) bool { return l.verify(text, sig) }

func newLine(what, origin, kind string, key []byte, verify func(text, sig []byte) bool) *line {
	l := &line{what: what, name: origin, public: kind + string(key), verify: verify}
	sum := sha256.Sum256([]byte(origin + "\n" + l.public)) // signed-note: name, newline, type, key
	l.id = binary.BigEndian.Uint32(sum[:])
	return l
}

// vkey is the verifier key of signed-note.
func (l *line) vkey() string {
	return fmt.Sprintf("%s+%08x+%s", l.name, l.id, base64.StdEncoding.EncodeToString([]byte(l.public)))
}

// append adds the signature line to a note.
func (l *line) append(note, sig []byte) []byte {
	note = append(note, "— "+l.name+" "...)
	note = base64.StdEncoding.AppendEncode(note, append(binary.BigEndian.AppendUint32(nil, l.id), sig...))
	return append(note, '\n')
}

func ed25519Line(origin string, key ed25519.PublicKey) *line {
	return newLine("Ed25519", origin, typeEd25519, key, func(text, sig []byte) bool {
		return ed25519.Verify(key, text, sig)
	})
}

func compositeLine(origin string, key *keys.Public) *line {
	return newLine("composite", origin, CompositeType, key.Bytes(), func(text, sig []byte) bool {
		return key.Verify(text, Context, sig) == nil
	})
}

func mldsa44Line(origin string, key *mldsa.PublicKey) *line {
	return newLine("ML-DSA-44", origin, typeMLDSA44, key.Bytes(), func(text, sig []byte) bool {
		h, err := parseHead(string(text))
		if err != nil || len(sig) != timestampSize+mldsa.MLDSA44SignatureSize {
			return false
		}
		at := binary.BigEndian.Uint64(sig)
		return at <= MaxSize && mldsa.Verify(key, cosigned(origin, h, at), sig[timestampSize:], nil) == nil
	})
}

// timestampSize is that of the time in front of an ML-DSA-44 signature, in seconds since 1970.
const timestampSize = 8

// cosigned is the message that the ML-DSA-44 line signs: cosigned_message of tlog-cosignature for a whole tree.
func cosigned(cosigner string, h Head, at uint64) []byte {
	m := []byte("subtree/v1\n\x00")
	m = append(m, byte(len(cosigner)))
	m = append(m, cosigner...)
	m = binary.BigEndian.AppendUint64(m, at)
	m = append(m, byte(len(h.Origin)))
	m = append(m, h.Origin...)
	m = binary.BigEndian.AppendUint64(m, 0) // the first entry
	m = binary.BigEndian.AppendUint64(m, h.Size)
	return append(m, h.Root[:]...)
}
