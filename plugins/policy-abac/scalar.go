package main

import (
	"encoding/json"
	"math"
)

// A scalar is a JSON string, number or boolean, to compare with ==.
type scalar struct {
	kind   scalarKind
	text   string
	number float64
	flag   bool
}

type scalarKind uint8

const (
	noScalar scalarKind = iota // null, an array, an object, or a number beyond 2^53, where neighbours look alike
	textScalar
	numberScalar
	flagScalar
)

const maxNumber = 1 << 53

func scalarOf(raw json.RawMessage) scalar {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return scalar{}
	}
	switch v := v.(type) {
	case string:
		return scalar{kind: textScalar, text: v}
	case bool:
		return scalar{kind: flagScalar, flag: v}
	case float64:
		if math.Abs(v) < maxNumber {
			return scalar{kind: numberScalar, number: v}
		}
	}
	return scalar{}
}
