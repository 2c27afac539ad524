package strictjson

import (
	"bytes"
	"encoding/json"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/gowebpki/jcs"

	"bulkhead/abi"
)

var seeds = []string{
	`{"a":1,"b":[true,null,"x"],"c":{"d":-1.5e3}}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `"\ud83d\ude00"`, `"\ud800"`,
	`"\\ud800"`, `[[[[]]]]`, `9007199254740993`, `{"":{"":{"":1}}}`, ` 1 `, `nul`, `{"decision":"allow"}`, "\"\xff\"", `{} x`,
}

// Check agrees with a checker of another make: encoding/json for the grammar, and a plain walk for the rest.
func FuzzCheck(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want := json.Valid(data) && utf8.Valid(data) && wholeSurrogates(data) && walk(json.NewDecoder(bytes.NewReader(data)), 0)
		if got := Check(data); (got == nil) != want {
			t.Errorf("Check(%q) = %v, the other checker says %t", data, got, want)
		}
	})
}

// wholeSurrogates reports whether every \uD800-\uDBFF is followed by \uDC00-\uDFFF, and no low one stands alone.
func wholeSurrogates(data []byte) bool {
	high := false
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' || i+1 >= len(data) || data[i+1] != 'u' || i+6 > len(data) {
			if high {
				return false
			}
			if data[i] == '\\' {
				i++
			}
			continue
		}
		n, err := strconv.ParseUint(string(data[i+2:i+6]), 16, 16)
		low := n >= 0xdc00 && n < 0xe000
		if err != nil || high != low {
			return false
		}
		high = n >= 0xd800 && n < 0xdc00
		i += 5
	}
	return !high
}

// walk reads one value and reports whether it is shallow and free of duplicate names.
func walk(d *json.Decoder, depth int) bool {
	t, err := d.Token()
	if err != nil {
		return false
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return true
	}
	if depth++; depth > abi.MaxJSONDepth {
		return false
	}
	names := map[string]bool{}
	for d.More() {
		if delim == '{' {
			name, _ := d.Token()
			if names[name.(string)] {
				return false
			}
			names[name.(string)] = true
		}
		if !walk(d, depth) {
			return false
		}
	}
	_, err = d.Token()
	return err == nil
}

// What Canonical accepts is a fixed point, and what another implementation of RFC 8785 writes.
func FuzzCanonical(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Canonical(data)
		if err != nil {
			return
		}
		if again, err := Canonical(got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("Canonical(%q) = %q, then %q, %v", data, got, again, err)
		}
		if c := bytes.TrimSpace(data)[0]; c != '{' && c != '[' {
			return // the other one reads texts of RFC 4627 only
		}
		want, err := jcs.Transform(data)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("Canonical(%q) = %q, the other implementation says %q, %v", data, got, want, err)
		}
	})
}
