package main

import (
	"fmt"

	"bulkhead/sdk"
)

const standardThreshold = 0.8

// configure returns the confidence below which label is not sure.
func configure(config []byte) (float64, error) {
	c := struct {
		Threshold float64 `json:"threshold"`
	}{standardThreshold}
	if err := sdk.Decode(config, &c); err != nil {
		return 0, fmt.Errorf("decoding config: %w", err)
	}
	if !(c.Threshold >= 0 && c.Threshold <= 1) {
		return 0, fmt.Errorf("threshold: %v is not from 0 to 1", c.Threshold)
	}
	return c.Threshold, nil
}
