// Package strictjson reads JSON that an attacker may have written.
//
// Names match exactly, never by case folding; duplicate and unknown names, trailing data, invalid UTF-8, lone
// surrogates, NaN and nesting beyond a limit are errors. Everywhere JSON enters the host it enters through here, so that
// two readers can never see two different messages in the same bytes.
//
// Errors carry words of whoever wrote the JSON: at most a few hundred bytes of them, printable, on one line.
package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bulkhead/abi"
)

// The errors of Decode and Check that a caller may want to tell apart from bad syntax.
var (
	ErrDepth = errors.New("JSON is nested too deeply")
	ErrNull  = errors.New("JSON is null where a value is required")
)

// Decode checks data as Check does and decodes it into v, a pointer to a zero value: members that data does not have
// keep what was there. Members that v does not have are refused, and so is null for v as a whole. A null member is its
// zero value, and a missing one is no error: whoever requires a member looks at it. After an error v is undefined.
func Decode(data []byte, v any) error { return DecodeDepth(data, v, abi.MaxJSONDepth) }

// DecodeDepth is Decode with another limit on nesting, for messages that embed one of somebody else's.
func DecodeDepth(data []byte, v any, depth int) error {
	if err := CheckDepth(data, depth); err != nil {
		return err
	}
	if jsontext.Value(data).Kind() == jsontext.KindNull {
		return ErrNull
	}
	return bounded(json.Unmarshal(data, v, json.RejectUnknownMembers(true)))
}

// Check reports whether data is exactly one valid JSON value without duplicate names, at most abi.MaxJSONDepth deep.
// Memory and time are linear in len(data).
func Check(data []byte) error { return CheckDepth(data, abi.MaxJSONDepth) }

// CheckDepth is Check with another limit on nesting. A scalar has depth 0, [] and {} have depth 1.
func CheckDepth(data []byte, depth int) error {
	return tokens(data, func(d *jsontext.Decoder, _ jsontext.Token) error {
		if d.StackDepth() > depth {
			return fmt.Errorf("at byte %d: %w (limit %d)", d.InputOffset(), ErrDepth, depth)
		}
		return nil
	})
}

// tokens calls visit for every token of the one JSON value in data.
func tokens(data []byte, visit func(*jsontext.Decoder, jsontext.Token) error) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(data)) // a Buffer is read in place, never written
	for {
		t, err := d.ReadToken()
		if err != nil {
			return fmt.Errorf("reading JSON: %w", bounded(noEOF(err)))
		}
		if err := visit(d, t); err != nil {
			return err
		}
		if d.StackDepth() == 0 {
			break
		}
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return fmt.Errorf("data after the JSON value, at byte %d", d.InputOffset())
	}
	return nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
