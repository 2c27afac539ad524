// Command inspect is the tool plugin that reads the digit on a part label and signs what it read.
//
// Its tool label takes a picture of 28 by 28 pixels, asks the model digits, puts the reading into the log, signs a small
// report about it, and attests the host on request.
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

// The slots of plugin.toml.
const (
	reportKey   = 0
	digitsModel = 0
)

func init() {
	var threshold float64
	sdk.Configure(func(config []byte) (err error) {
		threshold, err = configure(config)
		return err
	})
	sdk.Tool(func(q abi.ToolRequest) (abi.ToolAnswer, error) {
		if q.Tool != "label" {
			return abi.ToolAnswer{}, errors.New("inspect has only the tool label")
		}
		return complain.Answer(label(q, threshold))
	})
}
