package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"bulkhead/abi"
	"bulkhead/plugins/internal/complain"
	"bulkhead/sdk"
)

// label reads, records, signs, in this order: what is not in the log is not signed, and what is not signed not told.
func label(q abi.ToolRequest, threshold float64) (abi.ToolAnswer, error) {
	a, err := parseArguments(q.Arguments)
	if err != nil {
		return abi.ToolAnswer{}, err
	}
	p, inverted, err := readPicture(a.file)
	if err != nil {
		return abi.ToolAnswer{}, err
	}
	r, err := read(&p)
	if err != nil {
		return abi.ToolAnswer{}, err
	}
	digest := sha256.Sum256(a.file)
	image := "sha256:" + hex.EncodeToString(digest[:])
	sure := r.confidence >= threshold
	if err := record(image, r, sure); err != nil {
		return abi.ToolAnswer{}, err
	}
	if !sure {
		sdk.Log(abi.LevelInfo, "call %s: not sure of the %d on %s", q.Call, r.digit, image)
		return abi.ToolAnswer{}, complaint(fmt.Sprintf("Not sure: most likely a %d, but only with %s, where %s are asked for.", r.digit, percent(r.confidence), percent(threshold)))
	}
	return sign(a, report{Call: q.Call, Confidence: r.confidence, Digit: r.digit, Image: image, Inverted: inverted, Type: reportType})
}

func record(image string, r reading, sure bool) error {
	err := sdk.Audit(struct {
		Image      string  `json:"image"`
		Digit      int     `json:"digit"`
		Confidence float64 `json:"confidence"`
		Sure       bool    `json:"sure"`
	}{image, r.digit, r.confidence, sure})
	if err != nil {
		return complain.Explain("write to the log", fmt.Errorf("auditing the reading: %w", err))
	}
	return nil
}

// structured is what label.output.json describes. Report is the text that was signed, byte for byte.
type structured struct {
	Digit      int     `json:"digit"`
	Confidence float64 `json:"confidence"`
	Report     string  `json:"report"`
	Signature  []byte  `json:"signature"`
	Evidence   []byte  `json:"evidence,omitempty"`
}

func sign(a arguments, r report) (abi.ToolAnswer, error) {
	text, err := r.encode()
	if err != nil {
		return abi.ToolAnswer{}, err
	}
	s := structured{Digit: r.Digit, Confidence: r.Confidence, Report: string(text)}
	if s.Signature, err = sdk.Sign(reportKey, text); err != nil {
		return abi.ToolAnswer{}, complain.Explain("sign reports", fmt.Errorf("signing the report: %w", err))
	}
	if a.attest {
		if s.Evidence, err = attest(a.nonce, text); err != nil {
			return abi.ToolAnswer{}, err
		}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return abi.ToolAnswer{}, fmt.Errorf("encoding the result: %w", err)
	}
	return abi.ToolAnswer{Content: []abi.Content{sdk.Text(sentence(s))}, Structured: raw}, nil
}

// attest asks for evidence over the client's nonce and the report's SHA-256, one after the other, so that it belongs to
// this report and, with a nonce, to this moment.
func attest(nonce, report []byte) ([]byte, error) {
	digest := sha256.Sum256(report)
	evidence, err := sdk.Attest(append(nonce, digest[:]...))
	if err != nil {
		return nil, complain.Explain("attest", fmt.Errorf("attesting: %w", err))
	}
	return evidence, nil
}

func sentence(s structured) string {
	text := fmt.Sprintf("The label shows a %d (%s sure). The report about it is signed", s.Digit, percent(s.Confidence))
	if s.Evidence != nil {
		return text + " and evidence of the host attached."
	}
	return text + "."
}

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
