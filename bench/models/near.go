package models

import (
	"fmt"
	"math"
)

// Near says whether two tensors of f32 agree: of the same length, and no value farther off than by.
func Near(got, want []byte, by float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("an answer of %d bytes, want %d", len(got), len(want))
	}
	a, b := Floats(got), Floats(want)
	for i := range a {
		if d := math.Abs(float64(a[i]) - float64(b[i])); !(d <= by) {
			return fmt.Errorf("value %d is %v, want %v within %v", i, a[i], b[i], by)
		}
	}
	return nil
}
