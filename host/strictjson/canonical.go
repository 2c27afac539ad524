package strictjson

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxInteger bounds the integers that a double holds without doubt: from 2^53 on, two integers can be one double.
const maxInteger = 1 << 53

// Canonical returns data in the form of RFC 8785, which writes every number as a double. Integers of magnitude 2^53 and
// above, in whatever notation, are refused: the form could not tell them from their neighbours. data is not changed.
func Canonical(data []byte) ([]byte, error) {
	if err := Check(data); err != nil {
		return nil, err
	}
	if err := tokens(data, checkNumber); err != nil {
		return nil, err
	}
	v := jsontext.Value(bytes.Clone(data))
	if err := v.Canonicalize(); err != nil {
		return nil, fmt.Errorf("canonicalizing JSON: %w", bounded(err))
	}
	return v, nil
}

// checkNumber compares the rounded value, so that 2^53 + 1, which rounds to 2^53, is refused with it.
func checkNumber(_ *jsontext.Decoder, t jsontext.Token) error {
	if t.Kind() != jsontext.KindNumber {
		return nil
	}
	text := t.String()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) >= maxInteger && f == math.Trunc(f) {
		return fmt.Errorf("number %.40s: integers from 2^53 on lose digits", text)
	}
	return nil
}
