// Command godigits is plugins/digits as one writes it in stock Go: the same network, 784-256-128-10, in f32. It takes and gives the
// same tensors, one example at a time; its asset is plugins/digits/weights.f32.bin.
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
			return errors.New("godigits takes no config")
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
			return nil, errors.New("godigits was not configured")
		}
		return m.predict(in)
	})
}
