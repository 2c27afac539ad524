package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// A tensor is a TensorProto with its numbers where they lie in the file.
type tensor struct {
	name     string
	shape    []int64
	kind     uint64 // TensorProto.DataType
	raw      []byte
	integers []int64
}

const (
	kindFloat = 1
	kindInt64 = 7

	maxRank     = 8
	maxIntegers = 64
)

// readTensor refuses tensors whose numbers lie in another file.
func readTensor(b []byte) (t tensor, err error) {
	err = fields(b, func(f field) (err error) {
		switch {
		case f.number == 1:
			t.shape, err = integers(t.shape, f, maxRank)
		case f.number == 2 && f.kind == varint:
			t.kind = f.value
		case f.number == 7:
			t.integers, err = integers(t.integers, f, maxIntegers)
		case f.number == 8 && f.kind == delimited:
			t.name, err = text(f.bytes)
		case f.number == 9 && f.kind == delimited:
			t.raw = f.bytes
		case f.number == 13 || f.number == 14:
			err = errors.New("a tensor has its numbers in another file")
		}
		return err
	})
	return t, err
}

// floats returns the numbers of a tensor of 32-bit floats that must have this shape. What is not a number, or is so large
// that a sum of a layer may overflow, is refused.
func (t *tensor) floats(shape ...int64) ([]float32, error) {
	if t.kind != kindFloat {
		return nil, fmt.Errorf("%s has the type %d, want 32-bit floats", t.name, t.kind)
	}
	if !slices.Equal(t.shape, shape) {
		return nil, fmt.Errorf("%s has the shape %d, want %d", t.name, t.shape, shape)
	}
	count := int64(1)
	for _, n := range shape {
		count *= n // the wanted shape is ours, and small
	}
	if int64(len(t.raw)) != 4*count {
		return nil, fmt.Errorf("%s has %d bytes of numbers, want %d", t.name, len(t.raw), 4*count)
	}
	out := make([]float32, count)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.raw[4*i:]))
		if !(out[i] >= -maxWeight && out[i] <= maxWeight) {
			return nil, fmt.Errorf("number %d of %s is not one from -%d to %d", i, t.name, maxWeight, maxWeight)
		}
	}
	return out, nil
}

// integer returns the number of a tensor that holds one integer.
func (t *tensor) integer() (int64, error) {
	switch {
	case t.kind != kindInt64:
	case t.raw == nil && len(t.integers) == 1:
		return t.integers[0], nil
	case len(t.raw) == 8 && t.integers == nil:
		return int64(binary.LittleEndian.Uint64(t.raw)), nil
	}
	return 0, errors.New("is not one integer of 64 bits")
}
