// Package testdata reads the test vectors of the ABI for the tests of all who must agree about them: the SDK, the host
// and the fuzz targets of both.
//
// A vector is a file: header lines "key: value", an empty line, then the raw bytes of one message to the end of the
// file. The vectors are written by the tests of package abi (go test ./abi -run Vectors -update) and stand in
// version control for guests in other languages.
package testdata

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"bulkhead/abi"
)

//go:embed vectors
var files embed.FS

// A Vector is one message, good or bad for exactly one reason.
type Vector struct {
	Name    string    // the file's name
	Kind    string    // what is special about it
	Role    abi.Role  // auth, policy or tool
	Message string    // "request" or "answer"
	Phase   abi.Phase // the phase of the request, for policy answers
	Expect  Expect
	Data    []byte
}

// An Expect is what a reader must make of a vector.
type Expect string

// Accept: it decodes, and breaks no rule. Refuse: decoding fails. Rule: it decodes, but breaks a rule for answers.
const (
	Accept Expect = "accept"
	Refuse Expect = "refuse"
	Rule   Expect = "refuse-by-rule"
)

// Vectors returns all vectors, in the order of their names. No vectors are an error.
func Vectors() ([]Vector, error) {
	names, err := fs.Glob(files, "vectors/*.vector")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no vectors (%v)", err)
	}
	var out []Vector
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		v, err := Parse(strings.TrimPrefix(name, "vectors/"), data)
		if err != nil {
			return nil, fmt.Errorf("reading vector %s: %w", name, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// Parse reads the file of one vector.
func Parse(name string, file []byte) (Vector, error) {
	head, data, found := bytes.Cut(file, []byte("\n\n"))
	if !found {
		return Vector{}, fmt.Errorf("no empty line after the header")
	}
	v := Vector{Name: name, Phase: abi.PhaseBefore, Data: data}
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "kind":
			v.Kind = value
		case "role":
			v.Role = abi.Role(value)
		case "message":
			v.Message = value
		case "phase":
			v.Phase = abi.Phase(value)
		case "expect":
			v.Expect = Expect(value)
		default:
			return Vector{}, fmt.Errorf("unknown header %q", key)
		}
	}
	if v.New() == nil || v.Kind == "" || !slices.Contains([]Expect{Accept, Refuse, Rule}, v.Expect) {
		return Vector{}, fmt.Errorf("the header is incomplete")
	}
	return v, nil
}

// File is the inverse of Parse.
func (v Vector) File() []byte {
	head := fmt.Sprintf("kind: %s\nrole: %s\nmessage: %s\nexpect: %s\n", v.Kind, v.Role, v.Message, v.Expect)
	if v.Phase == abi.PhaseAfter {
		head += "phase: after\n"
	}
	return append([]byte(head+"\n"), v.Data...)
}

// New returns a pointer to a zero message of the vector's type, nil if there is no such message.
func (v Vector) New() any {
	switch string(v.Role) + " " + v.Message {
	case "auth request":
		return new(abi.AuthRequest)
	case "auth answer":
		return new(abi.AuthAnswer)
	case "policy request":
		return new(abi.PolicyRequest)
	case "policy answer":
		return new(abi.PolicyAnswer)
	case "tool request":
		return new(abi.ToolRequest)
	case "tool answer":
		return new(abi.ToolAnswer)
	}
	return nil
}

// Check holds m, which New returned and the vector's bytes were decoded into, against the rules for answers.
func (v Vector) Check(m any) error {
	switch m := m.(type) {
	case *abi.AuthAnswer:
		return m.Check()
	case *abi.PolicyAnswer:
		return m.Check(v.Phase)
	case *abi.ToolAnswer:
		return m.Check()
	}
	return nil
}

// Compare decodes the vector and says, as an error, where decode and what is expected differ. It returns the message,
// nil if decode refused it.
func (v Vector) Compare(decode func(data []byte, v any) error) (any, error) {
	m := v.New()
	err := decode(bytes.Clone(v.Data), m)
	switch {
	case err != nil && v.Expect != Refuse:
		return nil, fmt.Errorf("refused, want %s: %w", v.Expect, err)
	case err == nil && v.Expect == Refuse:
		return m, fmt.Errorf("decoded, want %s", v.Expect)
	case err != nil:
		return nil, nil
	}
	switch err := v.Check(m); {
	case err != nil && v.Expect == Accept:
		return m, fmt.Errorf("refused by a rule, want %s: %w", v.Expect, err)
	case err == nil && v.Expect == Rule:
		return m, fmt.Errorf("breaks no rule, want %s", v.Expect)
	}
	return m, nil
}
