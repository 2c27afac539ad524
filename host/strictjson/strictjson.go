// Package strictjson reads JSON that an attacker may have written.
//
// Names match exactly, never by case folding; duplicate and unknown names, trailing data, invalid UTF-8, lone
// surrogates, NaN and nesting beyond a limit are errors. Everywhere JSON enters the host it enters through here, so that
// two readers can never see two different messages in the same bytes.
package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bulkhead/abi"
)

// ErrDepth is returned for JSON nested deeper than the limit.
var ErrDepth = errors.New("JSON is nested too deeply")

// Decode checks data as Check does and decodes it into v, a pointer. Members that v does not have are refused. After an
// error v is undefined.
func Decode(data []byte, v any) error {
	if err := Check(data); err != nil {
		return err
	}
	return json.Unmarshal(data, v, json.RejectUnknownMembers(true))
}

// Check reports whether data is exactly one valid JSON value without duplicate names, at most abi.MaxJSONDepth deep.
// Memory and time are linear in len(data).
func Check(data []byte) error { return CheckDepth(data, abi.MaxJSONDepth) }

// CheckDepth is Check with another limit on nesting. A scalar has depth 0, [] and {} have depth 1.
func CheckDepth(data []byte, depth int) error {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		_, err := d.ReadToken()
		if err != nil {
			return fmt.Errorf("reading JSON: %w", noEOF(err))
		}
		if d.StackDepth() > depth {
			return fmt.Errorf("at byte %d: %w (limit %d)", d.InputOffset(), ErrDepth, depth)
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

// Canonical returns data in the form of RFC 8785. Numbers of 2^53 and more are refused, whatever their sign, since that
// form could change them.
func Canonical(data []byte) ([]byte, error) {
	if err := Check(data); err != nil {
		return nil, err
	}
	if err := checkNumbers(data); err != nil {
		return nil, err
	}
	v := jsontext.Value(bytes.Clone(data))
	if err := v.Canonicalize(); err != nil {
		return nil, fmt.Errorf("canonicalizing JSON: %w", err)
	}
	return v, nil
}

// checkNumbers expects data that Check accepted.
func checkNumbers(data []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		t, err := d.ReadToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading JSON: %w", err)
		}
		if t.Kind() != '0' {
			continue
		}
		text := t.String()
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(f) >= 1<<53 {
			return fmt.Errorf("number %.40s is not below 2^53 and might lose digits", text)
		}
	}
}
