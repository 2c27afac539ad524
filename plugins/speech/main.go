// Command speech is the tool plugin that finds where somebody speaks.
//
// Its tool detect_speech takes up to two minutes of sound, asks the model vad about every 32 ms of it, and answers with
// the stretches of speech.
package main

import (
	"errors"

	"bulkhead/abi"
	"bulkhead/plugins/internal/complain"
	"bulkhead/sdk"
)

func main() {}

// A complaint is an error that the client may read.
type complaint = complain.Complaint

// vadModel is the slot of plugin.toml.
const vadModel = 0

func init() {
	sdk.Tool(func(q abi.ToolRequest) (abi.ToolAnswer, error) {
		if q.Tool != "detect_speech" {
			return abi.ToolAnswer{}, errors.New("speech has only the tool detect_speech")
		}
		return complain.Answer(detect(q))
	})
}
