package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"bulkhead/abi"
)

// A walker goes once over JSON whose syntax is known to be valid, beside the type that it is meant for.
type walker struct {
	data   []byte
	at     int
	fields map[reflect.Type]map[string]reflect.Type
}

// value passes one value. A nil t stands for a type that takes any JSON.
func (w *walker) value(t reflect.Type, depth int) error {
	t = shape(t)
	switch w.next() {
	case '{', '[':
		if depth++; depth > abi.MaxJSONDepth {
			return errDepth
		}
		if w.data[w.at] == '{' {
			return w.object(t, depth)
		}
		return w.array(t, depth)
	case '"':
		_, err := w.text()
		return err
	}
	w.at += scalar(w.data[w.at:])
	return nil
}

func (w *walker) object(t reflect.Type, depth int) error {
	seen := map[string]bool{}
	for w.at++; w.next() != '}'; w.skip(',') {
		name, err := w.text()
		switch {
		case err != nil:
			return err
		case seen[name]:
			return fmt.Errorf("duplicate name %.100q", name)
		}
		seen[name] = true
		member, err := w.member(t, name)
		if err != nil {
			return err
		}
		w.next() // the colon
		w.at++
		if err := w.value(member, depth); err != nil {
			return err
		}
	}
	w.at++
	return nil
}

// member returns the type of the value called name in an object meant for t.
func (w *walker) member(t reflect.Type, name string) (reflect.Type, error) {
	if t == nil {
		return nil, nil
	}
	switch t.Kind() {
	case reflect.Map:
		return t.Elem(), nil
	case reflect.Struct:
		if w.fields[t] == nil {
			w.fields[t] = names(t)
		}
		member, ok := w.fields[t][name]
		if !ok {
			return nil, fmt.Errorf("unknown name %.100q", name)
		}
		return member, nil
	}
	return nil, nil // an object where none belongs: encoding/json says so
}

func (w *walker) array(t reflect.Type, depth int) error {
	var element reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		element = t.Elem()
	}
	count := 0
	for w.at++; w.next() != ']'; w.skip(',') {
		if err := w.value(element, depth); err != nil {
			return err
		}
		count++
	}
	w.at++
	if t != nil && t.Kind() == reflect.Array && count != t.Len() {
		return fmt.Errorf("array of %d elements where %d belong", count, t.Len())
	}
	return nil
}

// next skips white space and returns the byte after it.
func (w *walker) next() byte {
	for {
		switch c := w.data[w.at]; c {
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			return c
		}
	}
}

func (w *walker) skip(c byte) {
	if w.next() == c {
		w.at++
	}
}

// text passes a string and returns what it says.
func (w *walker) text() (string, error) {
	start, escaped := w.at, false
	for w.at++; w.data[w.at] != '"'; w.at++ {
		if w.data[w.at] == '\\' {
			escaped = true
			w.at++
		}
	}
	w.at++
	raw := w.data[start:w.at]
	if !escaped {
		return string(raw[1 : len(raw)-1]), nil
	}
	if loneSurrogate(raw) {
		return "", errSurrogate
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

// loneSurrogate looks for a \uD800 to \uDBFF without a \uDC00 to \uDFFF right after it, or the latter alone.
func loneSurrogate(raw []byte) bool {
	wantLow := false
	for i := 0; i < len(raw); i++ {
		half := byte(0) // 'h' or 'l'
		if raw[i] == '\\' {
			i++
			if raw[i] == 'u' {
				half = surrogate(raw[i+1 : i+5])
				i += 4
			}
		}
		if wantLow != (half == 'l') {
			return true
		}
		wantLow = half == 'h'
	}
	return wantLow
}

func surrogate(hex []byte) byte {
	if hex[0] != 'd' && hex[0] != 'D' {
		return 0
	}
	switch c := hex[1] | 0x20; {
	case c == '8' || c == '9' || c == 'a' || c == 'b':
		return 'h'
	case c >= 'c' && c <= 'f':
		return 'l'
	}
	return 0
}

// scalar returns the length of the number or literal that b starts with.
func scalar(b []byte) int {
	if n := bytes.IndexAny(b, " \t\r\n,]}"); n >= 0 {
		return n
	}
	return len(b)
}

// shape follows pointers, and returns nil for a type that reads its own JSON or takes any.
func shape(t reflect.Type) reflect.Type {
	unmarshaler := reflect.TypeFor[json.Unmarshaler]()
	for t != nil {
		if t.Kind() == reflect.Interface || t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
			return nil
		}
		if t.Kind() != reflect.Pointer {
			return t
		}
		t = t.Elem()
	}
	return nil
}
