// Package attest makes and checks evidence: what this host says about itself, signed, for whoever sent a nonce.
//
// This is evidence of kind software, assurance none: the key that signs it lies on the same disk as everything else, so
// it proves who holds the key and nothing about the hardware or the program that asked for the signature. The evidence
// says so in its own words. A TPM quote over the same qualifying data will be another kind.
//
// The requester is part of what is signed: evidence that a plugin obtained never passes for an operator's, nor for
// another plugin's or another call's.
package attest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"bulkhead/abi"
	"bulkhead/host/strictjson"
)

// Type is the type and version of the evidence, the context of its signature, and the first field of its qualifying data.
const Type = "bulkhead/evidence/v1"

// Kind, assurance and words of software evidence.
const (
	KindSoftware  = "software"
	AssuranceNone = "none"
	statement     = "This evidence was made by software alone. It shows that the holder of the key answered the nonce. " +
		"It proves nothing about the hardware, or about the program that is running."
)

// Evidence is what a host says about itself, as JSON. Hashes are SHA-256 in hex, byte strings standard base64.
type Evidence struct {
	Type           string    `json:"type"`
	Kind           string    `json:"kind"`
	Assurance      string    `json:"assurance"`
	Statement      string    `json:"statement"`
	Requester      Requester `json:"requester"`
	Nonce          []byte    `json:"nonce"`
	Log            Log       `json:"log"`
	QualifyingData string    `json:"qualifying_data"`
	Plugins        []Plugin  `json:"plugins"` // loaded when the evidence was made
	Workers        []Worker  `json:"workers"` // programs beside the host's own in which plugins run; may be empty
	Host           Host      `json:"host"`
	Development    bool      `json:"development"` // the host holds development keys: trust nothing
	PublicKey      []byte    `json:"public_key"`
	KeyID          string    `json:"key_id"`    // hash of PublicKey
	Signature      []byte    `json:"signature"` // over the RFC 8785 form of the evidence with a null signature
}

// A Log names the host's log and everything in it so far.
type Log struct {
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	Root   string `json:"root"`
}

// A Plugin is one that the host has loaded.
type Plugin struct {
	Alias   string `json:"alias"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// A Worker is a program that the host starts for the plugins of one backend.
type Worker struct {
	Backend string `json:"backend"`
	Digest  string `json:"digest"`
}

// Host is how the program was built, in its own words.
type Host struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"` // such as linux/arm64
}

// A Signer is the evidence key. It is safe for concurrent use.
type Signer interface {
	// Sign signs message in context.
	Sign(message []byte, context string) ([]byte, error)
}

// Config says what the evidence tells. Every field but Development and Workers is required.
type Config struct {
	Signer      Signer
	PublicKey   []byte          // the signer's, raw
	Log         func() Log      // the log's present state
	Plugins     func() []Plugin // what is loaded at present
	Workers     []Worker        // may be empty
	Host        Host
	Development bool // the host holds a development key
}

// Software makes evidence without hardware. It is safe for concurrent use.
type Software struct {
	config Config
	form   form
}

// A form is what evidence says of itself.
type form struct{ typ, kind, statement string }

// New makes evidence of kind software. It checks that nothing is missing.
func New(c Config) (*Software, error) { return newSoftware(c, form{Type, KindSoftware, statement}) }

func newSoftware(c Config, f form) (*Software, error) {
	if c.Signer == nil || len(c.PublicKey) == 0 || c.Log == nil || c.Plugins == nil || c.Host == (Host{}) {
		return nil, errors.New("building the attester: a key, log, plugins and host are required")
	}
	return &Software{c, f}, nil
}

// AttestPlugin makes evidence for a plugin, by its signed name and digest, on behalf of a call. It implements what
// host/capability asks for.
func (s *Software) AttestPlugin(ctx context.Context, name, digest, call string, nonce []byte) ([]byte, error) {
	return s.Attest(ctx, ByPlugin(name, digest, call), nonce)
}

// Attest makes evidence for a requester and a nonce of 16 to 64 bytes, as JSON in RFC 8785 form.
func (s *Software) Attest(ctx context.Context, r Requester, nonce []byte) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := checkNonce(nonce); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := Evidence{
		Type: s.form.typ, Kind: s.form.kind, Assurance: AssuranceNone, Statement: s.form.statement, Requester: r, Nonce: nonce,
		Log: s.config.Log(), Plugins: s.config.Plugins(), Workers: append([]Worker{}, s.config.Workers...), Host: s.config.Host, Development: s.config.Development,
		PublicKey: s.config.PublicKey, KeyID: keyID(s.config.PublicKey),
	}
	e.QualifyingData = e.qualify()
	message, err := e.encode()
	if err != nil {
		return nil, err
	}
	if e.Signature, err = s.config.Signer.Sign(message, s.form.typ); err != nil {
		return nil, fmt.Errorf("signing the evidence: %w", err)
	}
	return e.encode()
}

// encode returns the RFC 8785 form.
func (e *Evidence) encode() ([]byte, error) {
	data, err := json.Marshal(e)
	if err == nil {
		data, err = strictjson.Canonical(data)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding the evidence: %w", err)
	}
	return data, nil
}

func checkNonce(nonce []byte) error {
	if len(nonce) < abi.MinNonce || len(nonce) > abi.MaxNonce {
		return fmt.Errorf("a nonce has %d to %d bytes, not %d", abi.MinNonce, abi.MaxNonce, len(nonce))
	}
	return nil
}
