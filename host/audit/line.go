package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"bulkhead/abi"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// MaxEntry is the size of the largest entry in bytes: what the 16-bit length of a C2SP tlog-tiles entry bundle can say.
const MaxEntry = 64<<10 - 1

const (
	hashLen   = 2 * sha256.Size
	maxLine   = hashLen + 1 + MaxEntry + 1 // hash, space, entry, newline
	noHash    = "0000000000000000000000000000000000000000000000000000000000000000"
	timestamp = "2006-01-02T15:04:05.000000Z"

	maxDepth = abi.MaxJSONDepth + 1 // of an entry: a detail of the full depth is one level down
)

// ErrTooLarge refuses an entry over MaxEntry bytes. The log goes on.
var ErrTooLarge = fmt.Errorf("the entry has more than %d bytes", MaxEntry)

// An encoder writes entries. Its buffer is used again and again.
type encoder struct {
	buf  bytes.Buffer
	json *json.Encoder
}

func newEncoder() *encoder {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false) // it would sextuple a plugin's audit object
	return e
}

// encode returns the entry's bytes, valid until the next call, with a signature of their own if sign is not nil.
func (e *encoder) encode(entry *gate.Entry, sign func([]byte) ([]byte, error)) ([]byte, error) {
	e.buf.Reset()
	if err := e.json.Encode(entry); err != nil {
		return nil, fmt.Errorf("encoding the entry: %w", err)
	}
	e.buf.Truncate(e.buf.Len() - 1) // the newline
	body := e.buf.Bytes()
	if sign != nil {
		sig, err := sign(body)
		if err == nil {
			body, err = checkpoint.WithSignature(body, sig)
		}
		if err != nil {
			return nil, fmt.Errorf("signing the entry: %w", err)
		}
	}
	if len(body) > MaxEntry {
		return nil, ErrTooLarge
	}
	return body, nil
}

// appendLine appends an entry's bytes as a line and returns their hash.
func appendLine(dst, body []byte) ([]byte, string) {
	hash := hashOf(body)
	dst = append(dst, hash...)
	dst = append(dst, ' ')
	dst = append(dst, body...)
	return append(dst, '\n'), hash
}

// A record is a line that has been read and is right in itself; whether it follows the one before is chain's question.
type record struct {
	entry gate.Entry
	hash  string
	body  []byte // the entry's bytes, valid until the next line is read
}

var (
	errForm  = errors.New("the line is not a hash and an entry")
	errBytes = errors.New("the entry's bytes do not have the line's hash")
	errEntry = errors.New("the hashed bytes are not an entry of this log")
)

// parseLine reads one line without its newline. The error is or wraps errForm, errBytes or errEntry.
func parseLine(line []byte) (record, error) {
	if len(line) < hashLen+2 || len(line) > maxLine-1 || line[hashLen] != ' ' || !isHash(line[:hashLen]) {
		return record{}, errForm
	}
	r := record{hash: string(line[:hashLen]), body: line[hashLen+1:]}
	if hashOf(r.body) != r.hash {
		return record{}, errBytes
	}
	if err := strictjson.DecodeDepth(r.body, &r.entry, maxDepth); err != nil {
		return record{}, fmt.Errorf("%w: %w", errEntry, err)
	}
	if t, err := time.Parse(timestamp, r.entry.Timestamp); err != nil || t.Format(timestamp) != r.entry.Timestamp {
		return record{}, fmt.Errorf("%w: bad timestamp", errEntry)
	}
	return r, nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// isHash reports whether s is a SHA-256 in lower-case hex.
func isHash[T string | []byte](s T) bool {
	if len(s) != hashLen {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// maxYear is the last that a timestamp can say.
const maxYear = 9999

var errYear = fmt.Errorf("the clock is behind the year %d", maxYear)

// newID makes a UUIDv7 of the entry's own time and, since several may have one, of its index, so that ids sort like entries
// (RFC 9562, section 5.7; methods 3 and 1 of section 6.2, for the microseconds and for a counter of 32 bits).
func newID(t time.Time, index uint64) (string, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("making an entry's id: %w", err)
	}
	ms := uint64(t.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	fraction := t.Nanosecond() / 1000 % 1000 * 4096 / 1000
	id[6] = 0x70 | byte(fraction>>8)
	id[7] = byte(fraction)
	id[8] = 0x80 | byte(index>>26&0x3f)
	binary.BigEndian.PutUint32(id[9:], uint32(index)<<6|uint32(id[12])&0x3f)
	return id.String(), nil
}

// isObject reports whether valid JSON is an object.
func isObject(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && data[0] == '{'
}
