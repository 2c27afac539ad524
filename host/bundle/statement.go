package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bulkhead/host/strictjson"
)

// The types of the statement, matched exactly.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	PredicateType = "urn:bulkhead:plugin:v1"
)

// A statement is an in-toto Statement v1 about all files of a bundle; its predicate is the descriptor.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []subject  `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     Descriptor `json:"predicate"`
}

type subject struct {
	Name   string       `json:"name"`
	Digest digestSHA256 `json:"digest"`
}

type digestSHA256 struct {
	SHA256 string `json:"sha256"`
}

// parseStatement checks that the descriptor is valid and that the subjects are exactly the files it speaks of.
func parseStatement(data []byte) (*statement, error) {
	var s statement
	if err := strictjson.Decode(data, &s); err != nil {
		return nil, fmt.Errorf("decoding the statement: %w", err)
	}
	if s.Type != StatementType || s.PredicateType != PredicateType {
		return nil, fmt.Errorf("statement of type %.80q about %.80q, want %q about %q", s.Type, s.PredicateType, StatementType, PredicateType)
	}
	if err := s.Predicate.Validate(); err != nil {
		return nil, fmt.Errorf("the descriptor is not valid: %w", err)
	}
	want := s.Predicate.Files()
	if len(s.Subject) != len(want) {
		return nil, fmt.Errorf("%d subjects, but the descriptor speaks of %d files", len(s.Subject), len(want))
	}
	names := map[string]bool{}
	for _, sub := range s.Subject {
		if names[sub.Name] || !slices.Contains(want, sub.Name) {
			return nil, fmt.Errorf("subject %.200q stands there twice or is no file that the descriptor speaks of", sub.Name)
		}
		if !isHexDigest(sub.Digest.SHA256) {
			return nil, fmt.Errorf("subject %.200q has no SHA-256 digest", sub.Name)
		}
		names[sub.Name] = true
	}
	return &s, nil
}

// newStatement describes files, by name.
func newStatement(d Descriptor, files map[string][]byte) *statement {
	s := &statement{Type: StatementType, PredicateType: PredicateType, Predicate: d}
	for name, content := range files {
		s.Subject = append(s.Subject, subject{name, digestSHA256{hexDigest(content)}})
	}
	slices.SortFunc(s.Subject, func(a, b subject) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// encode gives the same bytes for the same statement, and keeps the bytes of schemas.
func (s *statement) encode() ([]byte, error) {
	return jsonv2.Marshal(s, jsontext.PreserveRawStrings(true), jsonv2.Deterministic(true))
}

func hexDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
