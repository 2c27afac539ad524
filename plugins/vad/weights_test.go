package vad

import (
	"os"
	"testing"
)

// readWeights reads what make vad makes.
func readWeights(t testing.TB) []byte {
	t.Helper()
	weights, err := os.ReadFile("weights.bin")
	if err != nil {
		t.Fatalf("%v\nhint: make vad", err)
	}
	return weights
}
