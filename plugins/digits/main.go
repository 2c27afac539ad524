// Command digits is the model plugin that reads a handwritten digit: a multilayer perceptron 784-256-128-10 in f32.
//
// Input x is a picture of 28 by 28 pixels, row by row, white (1) on black (0); output p are the probabilities of 0 to 9.
// The answer's bits depend on the input's alone, not on the machine: README.md says how.
package main

import (
	"bytes"
	"errors"

	"bulkhead/sdk"
)

func main() {}

const weightsSlot = 0

func init() {
	var m *model
	sdk.Configure(func(config []byte) error {
		if !bytes.Equal(bytes.TrimSpace(config), []byte("{}")) {
			return errors.New("digits takes no config")
		}
		weights, err := sdk.Asset(weightsSlot)
		if err != nil {
			return err
		}
		m, err = newModel(weights)
		return err
	})
	sdk.Model(func(in []byte) ([]byte, error) {
		if m == nil {
			return nil, errors.New("digits was not configured")
		}
		return m.predict(in)
	})
}
