// Package checkpoint signs and checks what a log says of itself: checkpoints (c2sp.org/tlog-checkpoint), proofs that an entry
// is in the log (c2sp.org/tlog-proof), and single entries. It needs a log's public key and nothing else of this host, so a
// third party may use it as it is.
//
// A checkpoint is three lines and no extension: the origin, the size, the root hash. A log signs it with three keys, one
// line each, so that every verifier finds a scheme that it knows and believes:
//
//   - Ed25519 (signed-note type 0x01): what every tool knows. It is the very signature that seals a batch in the log's file.
//   - composite ML-DSA-65 with Ed25519 (type 0xff, CompositeType): both halves must hold.
//   - ML-DSA-44 (c2sp.org/tlog-cosignature, type 0x06): what the specification advises; published checkpoints only.
//
// Invariants: a text has one spelling, and what differs from it is refused; the lines of keys that are not the log's are
// ignored, as signed-note wants, and nothing is concluded from them.
package checkpoint

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"bulkhead/host/keys"
)

// MaxOrigin is the longest origin in bytes, which the ML-DSA-44 line sets.
const MaxOrigin = 255

// MaxSize is the largest size of a log.
const MaxSize = math.MaxInt64

// A Head is what a checkpoint says: the state of one log.
type Head struct {
	Origin string
	Size   uint64   // number of entries
	Root   [32]byte // RFC 6962, section 2.1
}

// Text is the text that is signed: three lines.
func (h Head) Text() string {
	return h.Origin + "\n" + strconv.FormatUint(h.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(h.Root[:]) + "\n"
}

// parseHead reads what Text gives, and nothing else.
func parseHead(text string) (Head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Head{}, errors.New("a checkpoint has three lines: origin, size and root hash")
	}
	h := Head{Origin: lines[0]}
	if err := CheckOrigin(h.Origin); err != nil {
		return Head{}, err
	}
	var err error
	if h.Size, err = strconv.ParseUint(lines[1], 10, 63); err != nil {
		return Head{}, fmt.Errorf("the size %.30q of a checkpoint is no number of entries", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(h.Root) {
		return Head{}, fmt.Errorf("the root hash of a checkpoint is not the base64 of %d bytes", len(h.Root))
	}
	h.Root = [32]byte(root)
	if h.Text() != text {
		return Head{}, errors.New("a checkpoint is not spelled as the specification wants it")
	}
	return h, nil
}

// Claimed returns the origin that a checkpoint claims. Nothing about it is checked: it says with whose key to open it.
func Claimed(checkpoint []byte) string {
	line, _, _ := bytes.Cut(checkpoint, []byte("\n"))
	return string(line)
}

// Origin is the name of a device's log where its operator gives none: bulkhead/DEVICE/ and the first 16 digits of the key id.
func Origin(device string, key *keys.AuditPublic) string {
	return "bulkhead/" + device + "/" + ownPart(key)
}

// Owns reports whether an origin is one that Origin gives for this key and some device.
func Owns(origin string, key *keys.AuditPublic) bool {
	device, ok := strings.CutPrefix(origin, "bulkhead/")
	device, own := strings.CutSuffix(device, "/"+ownPart(key))
	return ok && own && device != "" && !strings.Contains(device, "/")
}

func ownPart(key *keys.AuditPublic) string { return key.KeyID[:16] }

// CheckOrigin refuses a name that cannot be a log's: 1 to MaxOrigin bytes of printable characters without spaces and plus
// signs.
func CheckOrigin(origin string) error {
	odd := func(r rune) bool { return r == '+' || unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if origin == "" || len(origin) > MaxOrigin || !utf8.ValidString(origin) || strings.ContainsFunc(origin, odd) {
		return fmt.Errorf("the origin %.80q is not 1 to %d bytes of printable characters without space and plus", origin, MaxOrigin)
	}
	return nil
}
