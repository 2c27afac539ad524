package abi

import "strings"

// A Signature is the name and type of a function that crosses the sandbox.
type Signature struct {
	Name            string
	Params, Results string // one letter per value: i is i32, I is i64, d is f64
}

// String is the signature as SPEC.md writes it: "sign(i32, i32, i32, i32, i32) → i32".
func (s Signature) String() string {
	out := s.Name + "(" + spell(s.Params) + ")"
	if s.Results != "" {
		out += " → " + spell(s.Results)
	}
	return out
}

func spell(types string) string {
	var names []string
	for _, t := range types {
		names = append(names, map[rune]string{'i': "i32", 'I': "i64", 'd': "f64"}[t])
	}
	return strings.Join(names, ", ")
}

// Exports returns the functions that a guest exports. Configure and _initialize are optional.
func Exports() []Signature {
	return []Signature{
		{ExportInput, "i", "i"},
		{ExportHandle, "ii", "I"},
		{ExportConfigure, "ii", "I"},
		{ExportInitialize, "", ""},
	}
}

// Imports returns the host functions of the module bulkhead_v1. The names of capabilities are those of Capability.
func Imports() []Signature {
	return []Signature{
		{"log", "iii", ""},
		{"audit", "ii", "i"},
		{"sign", "iiiii", "i"},
		{"attest", "iiii", "i"},
		{"infer", "iiiii", "i"},
		{"read", "iiii", "i"},
		{"result", "iii", "i"},
		{"progress", "dd", ""},
	}
}
