package strictjson

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"bulkhead/abi"
)

func TestCheckRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		is       error // nil: any
	}{
		{"nothing", "", io.ErrUnexpectedEOF},
		{"only spaces", " \n", io.ErrUnexpectedEOF},
		{"cut object", `{"a":1`, io.ErrUnexpectedEOF},
		{"cut string", `"a`, io.ErrUnexpectedEOF},
		{"duplicate name", `{"a":1,"a":2}`, jsontext.ErrDuplicateName},
		{"duplicate name by escape", `{"a":1,"\u0061":2}`, jsontext.ErrDuplicateName},
		{"duplicate name far down", `[{"x":{"a":1,"b":2,"a":1}}]`, jsontext.ErrDuplicateName},
		{"duplicate empty name", `{"":1,"":1}`, jsontext.ErrDuplicateName},
		{"second value", `{} {}`, nil},
		{"second value without space", `1true`, nil},
		{"trailing comma behind the value", `{},`, nil},
		{"trailing bracket", `{}}`, nil},
		{"trailing NUL", "{}\x00", nil},
		{"trailing comma", `{"a":1,}`, nil},
		{"trailing comma in array", `[1,]`, nil},
		{"byte order mark", "\ufeff{}", nil},
		{"UTF-16", "\xff\xfe{\x00}\x00", nil},
		{"invalid UTF-8", "\"\xff\"", nil},
		{"invalid UTF-8 in a name", "{\"\xc3\":1}", nil},
		{"overlong UTF-8", "\"\xc0\xaf\"", nil},
		{"surrogate as UTF-8", "\"\xed\xa0\x80\"", nil},
		{"lone high surrogate", `"\ud800"`, nil},
		{"lone low surrogate", `"\udc00"`, nil},
		{"swapped surrogates", `"\udc00\ud800"`, nil},
		{"NaN", `NaN`, nil},
		{"Infinity", `-Infinity`, nil},
		{"leading zero", `01`, nil},
		{"plus sign", `+1`, nil},
		{"hexadecimal", `0x10`, nil},
		{"bare dot", `1.`, nil},
		{"single quotes", `{'a':1}`, nil},
		{"bare name", `{a:1}`, nil},
		{"comment", `{}//`, nil},
		{"comment inside", `[/**/]`, nil},
		{"control character", "\"a\nb\"", nil},
		{"bad escape", `"\x41"`, nil},
		{"capital literal", `True`, nil},
		{"form feed as space", "{\f}", nil},
		{"no-break space", "{\u00a0}", nil},
		{"number as name", `{1:1}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Check([]byte(tt.in))
			if err == nil {
				t.Fatalf("Check(%q) accepts", tt.in)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error is %v, want %v", err, tt.is)
			}
			var v any
			if Decode([]byte(tt.in), &v) == nil {
				t.Error("Decode accepts what Check refuses")
			}
			if _, err := Canonical([]byte(tt.in)); err == nil {
				t.Error("Canonical accepts what Check refuses")
			}
		})
	}
}

func TestDepth(t *testing.T) {
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	object := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, tt := range []struct {
		name, in string
		limit    int
		deep     bool
	}{
		{"scalar at 0", `1`, 0, false},
		{"empty array at 0", `[]`, 0, true},
		{"empty object at 1", `{}`, 1, false},
		{"arrays at the limit", nest(abi.MaxJSONDepth), abi.MaxJSONDepth, false},
		{"arrays over the limit", nest(abi.MaxJSONDepth + 1), abi.MaxJSONDepth, true},
		{"objects at the limit", object(abi.MaxJSONDepth), abi.MaxJSONDepth, false},
		{"objects over the limit", object(abi.MaxJSONDepth + 1), abi.MaxJSONDepth, true},
		{"a million brackets never closed", strings.Repeat("[", 1<<20), abi.MaxJSONDepth, true},
		{"wide is not deep", "[" + strings.Repeat("[],", 1000) + "[]]", 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := CheckDepth([]byte(tt.in), tt.limit); errors.Is(err, ErrDepth) != tt.deep || !tt.deep && err != nil {
				t.Errorf("error %v, want too deep: %t", err, tt.deep)
			}
		})
	}
}

type answer struct {
	Decision string          `json:"decision"`
	Count    int32           `json:"count,omitempty"`
	Part     *part           `json:"part,omitempty"`
	Raw      json.RawMessage `json:"raw,omitempty"`
}

type part struct {
	Name string `json:"name"`
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		is       error
	}{
		{"null as a whole", `null`, ErrNull},
		{"null with spaces", " \n null\t", ErrNull},
		{"capital name", `{"DECISION":"allow"}`, nil},
		{"title-case name", `{"Decision":"allow"}`, nil},
		{"folded name: long s", "{\"deci\u017fion\":\"allow\"}", nil},
		{"dash for nothing", `{"de-cision":"allow"}`, nil},
		{"unknown member", `{"decision":"allow","x":1}`, nil},
		{"unknown member below", `{"decision":"allow","part":{"name":"a","x":1}}`, nil},
		{"two spellings", `{"decision":"deny","Decision":"allow"}`, nil},
		{"number for string", `{"decision":1}`, nil},
		{"string for number", `{"decision":"","count":"1"}`, nil},
		{"bool for string", `{"decision":true}`, nil},
		{"array for object", `[]`, nil},
		{"string for object", `"allow"`, nil},
		{"fraction for integer", `{"decision":"","count":1.5}`, nil},
		{"overflow", `{"decision":"","count":2147483648}`, nil},
		{"object for string", `{"decision":{"allow":1}}`, nil},
		{"duplicate in a raw part", `{"decision":"","raw":{"a":1,"a":2}}`, jsontext.ErrDuplicateName},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a answer
			err := Decode([]byte(tt.in), &a)
			if err == nil {
				t.Fatalf("Decode(%s) accepts: %+v", tt.in, a)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error is %v, want %v", err, tt.is)
			}
		})
	}
}

func TestDecodeAccepts(t *testing.T) {
	var a answer
	in := ` {"part" : {"name":"\u00e9\ud83d\ude00"}, "decision":"allow", "count":-5, "raw": [1, {"B":1,"b":2}] } `
	if err := Decode([]byte(in), &a); err != nil {
		t.Fatal(err)
	}
	if a.Decision != "allow" || a.Count != -5 || a.Part.Name != "é😀" || string(a.Raw) != `[1, {"B":1,"b":2}]` {
		t.Errorf("decoded %+v", a)
	}
}

// The writer of the JSON must not fill the log with his words, nor break its lines.
func TestErrorsAreShortAndPrintable(t *testing.T) {
	long := strings.Repeat("\u202e\\n", 1<<20)
	for name, in := range map[string]string{
		"duplicate name": `{"` + long + `":1,"` + long + `":2}`,
		"unknown member": `{"decision":"","` + long + `":2}`,
		"deep pointer":   `{"part":{"` + long + `":{"a":1,"a":2}}}`,
		"wrong type":     `{"count":"` + long + `"}`,
		"bad character":  "\x1b[2J",
		"long number":    `{"count":` + strings.Repeat("9", 1<<20) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			var a answer
			err := Decode([]byte(in), &a)
			if err == nil {
				t.Fatal("accepted")
			}
			if len(err.Error()) > 400 || strings.ContainsAny(err.Error(), "\x1b\n\u202e") {
				t.Errorf("error of %d bytes: %.500q", len(err.Error()), err.Error())
			}
		})
	}
}

func TestInputIsNotChanged(t *testing.T) {
	in := `{"b":1.0,"a":"\u0061"}`
	data := []byte(in)
	var v any
	_, err := Canonical(data)
	if err := errors.Join(err, Check(data), Decode(data, &v)); err != nil {
		t.Fatal(err)
	}
	if string(data) != in {
		t.Errorf("input became %s", data)
	}
}

func TestBoundedKeepsTheCause(t *testing.T) {
	err := bounded(errors.Join(io.ErrUnexpectedEOF, errors.New("\x1b[2J"+strings.Repeat("é", maxError))))
	if !errors.Is(err, io.ErrUnexpectedEOF) || strings.ContainsAny(err.Error(), "\x1b\n\ufffd") || !strings.HasSuffix(err.Error(), "...") {
		t.Errorf("%q", err)
	}
}
