package main

import (
	"encoding/binary"
	"fmt"
	"math"

	"bulkhead/plugins/internal/complain"
	"bulkhead/sdk"
)

const classes = 10

// A reading is what the model sees in a picture.
type reading struct {
	digit      int
	confidence float64 // in steps of 1/10,000
}

// read asks the model. x is the picture as f32 from 0 to 1, p the probabilities of the ten digits.
func read(p *picture) (reading, error) {
	x := make([]byte, 0, 4*pixels)
	for _, v := range p {
		x = binary.LittleEndian.AppendUint32(x, math.Float32bits(float32(v)/255))
	}
	out, err := sdk.Infer(digitsModel, x)
	if err != nil {
		return reading{}, complain.Explain("read digits", fmt.Errorf("asking the model: %w", err))
	}
	return likeliest(out)
}

func likeliest(out []byte) (r reading, err error) {
	if len(out) != 4*classes {
		return r, fmt.Errorf("the model answered with %d bytes, not %d", len(out), 4*classes)
	}
	best := -1.0
	for digit := range classes {
		v := float64(math.Float32frombits(binary.LittleEndian.Uint32(out[4*digit:])))
		if !(v >= 0 && v <= 1) {
			return r, fmt.Errorf("the model answered with a probability of %v", v)
		}
		if v > best {
			best = v
			r = reading{digit, math.Round(v*1e4) / 1e4}
		}
	}
	return r, nil
}
