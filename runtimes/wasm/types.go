package wasm

import (
	"slices"
	"strings"
)

// A ValueType is the type of a parameter or result, as the binary format writes it.
type ValueType byte

// The value types of ABI v1.
const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	V128      ValueType = 0x7b
	Funcref   ValueType = 0x70
	Externref ValueType = 0x6f
)

// String is the type's name in the text format, "invalid" for any other byte.
func (t ValueType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case Funcref:
		return "funcref"
	case Externref:
		return "externref"
	}
	return "invalid"
}

// number reports whether a global of the type can be read and written as 64 bits.
func (t ValueType) number() bool { return t >= F64 && t <= I32 }

// A FuncType is a function's signature.
type FuncType struct{ Params, Results []ValueType }

// Signature makes a FuncType of number types, one letter each: i for i32, I for i64, f for f32, d for f64. Any other
// letter makes a type that equals no other.
func Signature(params, results string) FuncType {
	return FuncType{Params: letters(params), Results: letters(results)}
}

func letters(s string) []ValueType {
	types := make([]ValueType, len(s))
	for i := range s {
		types[i] = map[byte]ValueType{'i': I32, 'I': I64, 'f': F32, 'd': F64}[s[i]]
	}
	return types
}

// Equal reports whether both take and return the same types.
func (t FuncType) Equal(u FuncType) bool {
	return slices.Equal(t.Params, u.Params) && slices.Equal(t.Results, u.Results)
}

// String writes the type as "(i32, i32) -> (i64)".
func (t FuncType) String() string { return list(t.Params) + " -> " + list(t.Results) }

func list(types []ValueType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// A Kind says what an import or export is, as the binary format writes it.
type Kind byte

// The kinds of ABI v1.
const (
	KindFunc Kind = iota
	KindTable
	KindMemory
	KindGlobal
)

// String is the kind's name, "unknown" outside ABI v1.
func (k Kind) String() string {
	names := [...]string{"function", "table", "memory", "global"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// An Import is one entry of the import section. Type is set for functions.
type Import struct {
	Module, Name string
	Kind         Kind
	Type         FuncType
}

// An Export is one entry of the export section. Type is set for functions; Imported says that the module hands on a
// function that it imports itself.
type Export struct {
	Name     string
	Kind     Kind
	Type     FuncType
	Imported bool
}

// A Memory is a linear memory in pages of 64 KiB. Max is PageLimit where the module gives none.
type Memory struct{ Min, Max uint32 }
