package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A report is what label signs. Its members stand in the order of their names, so that its encoding is the form of
// RFC 8785.
type report struct {
	Call       string  `json:"call"`
	Confidence float64 `json:"confidence"`
	Digit      int     `json:"digit"`
	Image      string  `json:"image"` // sha256: and the hex digest of the file
	Inverted   bool    `json:"inverted"`
	Type       string  `json:"type"`
}

const reportType = "urn:bulkhead:inspection:v1"

func (r report) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("encoding report: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
