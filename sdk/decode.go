package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// Decode decodes one JSON value into v, a pointer, and accepts what the host accepts: names in exact case, no duplicate
// and no unknown names, valid UTF-8 without lone surrogates, nothing after the value, nesting of at most
// abi.MaxJSONDepth, no null in place of the whole value. Use it for configs and for whatever else a handler reads, so that no two readers see different
// messages in the same bytes. A null member and a missing one leave their field alone. After an error v is undefined.
func Decode(data []byte, v any) error {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer {
		return fmt.Errorf("decoding JSON into %T, which is no pointer", v)
	}
	if err := check(data, t.Elem()); err != nil {
		return fmt.Errorf("reading JSON: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return short(err)
	}
	return nil
}

// maxErrorText bounds what an error quotes of its input.
const maxErrorText = 300

func short(err error) error {
	if text := err.Error(); len(text) > maxErrorText {
		return errors.New(cut(valid(text), maxErrorText) + "...")
	}
	return err
}

var (
	errSyntax    = errors.New("not exactly one valid value")
	errUTF8      = errors.New("invalid UTF-8")
	errNull      = errors.New("null where a value is required")
	errSurrogate = errors.New("lone surrogate")
	errDepth     = errors.New("nested deeper than abi.MaxJSONDepth")
)

// check refuses what encoding/json would let pass on the way into a value of type t.
func check(data []byte, t reflect.Type) error {
	if !utf8.Valid(data) {
		return errUTF8
	}
	if !json.Valid(data) {
		return errSyntax
	}
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return errNull
	}
	w := walker{data: data, fields: map[reflect.Type]map[string]reflect.Type{}}
	if err := w.value(t, 0); err != nil {
		return fmt.Errorf("at byte %d: %w", w.at, err)
	}
	return nil
}
