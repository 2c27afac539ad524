package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// A glance is what Verify takes from an entry without decoding all of it. Its slices are parts of the entry's bytes.
type glance struct {
	hash      [hashLen]byte // hex SHA-256 of the bytes, which stands in front of them
	leaf      tlog.Hash
	body      []byte
	timestamp []byte
	previous  []byte
	event     []byte
}

var (
	errMembers = fmt.Errorf("%w: its members are not those of an entry, in their order", errEntry)
	errDate    = fmt.Errorf("%w: bad timestamp", errEntry)
)

// endDevelopment ends an entry of a host with development keys: no other member follows, but for its own signature.
const endDevelopment = `,"development":true}`

// take reads one line without its newline: it must be the hash of an entry and the entry, JSON that begins with the members
// that all entries have. It writes to the line and puts back what was there. The error is or wraps errForm, errBytes or errEntry.
func (g *glance) take(line []byte) error {
	if len(line) < hashLen+2 || len(line) > maxLine-1 || line[hashLen] != ' ' {
		return errForm
	}
	*g = glance{body: line[hashLen+1:]}
	sum := sha256.Sum256(g.body)
	hex.Encode(g.hash[:], sum[:])
	if !bytes.Equal(g.hash[:], line[:hashLen]) {
		if !isHash(line[:hashLen]) {
			return errForm
		}
		return errBytes
	}
	line[hashLen] = 0 // a leaf's prefix (RFC 6962, section 2.1)
	g.leaf = sha256.Sum256(line[hashLen:])
	line[hashLen] = ' '
	return g.members()
}

// members reads the members that every entry begins with.
func (g *glance) members() error {
	s := scanner{rest: g.body}
	id := s.fixed(`{"id":"`, 36)
	g.timestamp = s.fixed(`","timestamp":"`, len(timestamp))
	s.word(`","actor":"`)
	s.word(`,"action":"`)
	s.word(`,"resource":"`)
	s.word(`,"outcome":"`)
	s.word(`,"trace_id":"`)
	g.previous = s.fixed(`,"previous_hash":"`, hashLen)
	s.word(`","kind":"`)
	g.event = s.word(`,"event":"`)
	if s.bad || !isID(id) || !isHash(g.previous) || len(s.rest) == 0 || s.rest[0] != ',' && string(s.rest) != "}" ||
		!json.Valid(g.body) {
		return errMembers
	}
	if !isTime(g.timestamp) {
		return errDate
	}
	return nil
}

// A scanner goes through JSON text whose members are known.
type scanner struct {
	rest []byte
	bad  bool
}

// fixed expects a text, then takes n bytes.
func (s *scanner) fixed(text string, n int) []byte {
	if s.bad || len(s.rest) < len(text)+n || string(s.rest[:len(text)]) != text {
		s.bad = true
		return nil
	}
	out := s.rest[len(text) : len(text)+n]
	s.rest = s.rest[len(text)+n:]
	return out
}

// word expects a text that ends in a quotation mark, then takes the string up to its own. Escapes stay as they are.
func (s *scanner) word(text string) []byte {
	s.fixed(text, 0)
	for at := 0; !s.bad; {
		i := bytes.IndexByte(s.rest[at:], '"')
		if i < 0 {
			break
		}
		at += i
		escapes := 0
		for escapes < at && s.rest[at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			out := s.rest[:at]
			s.rest = s.rest[at+1:]
			return out
		}
		at++
	}
	s.bad = true
	return nil
}

// isID reports whether s is a UUID of version 7 in lower case (RFC 9562).
func isID(s []byte) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range s {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return s[14] == '7'
}

// isTime reports whether s is a time as entries give it.
func isTime(s []byte) bool {
	t, err := time.Parse(timestamp, string(s))
	return err == nil && string(t.AppendFormat(make([]byte, 0, len(timestamp)), timestamp)) == string(s)
}
