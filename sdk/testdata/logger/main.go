// A model that logs: one import, and no more.
package main

import (
	"bulkhead/abi"
	"bulkhead/sdk"
)

func main() {}

func init() {
	sdk.Model(func(in []byte) ([]byte, error) {
		sdk.Log(abi.LevelDebug, "%d bytes", len(in))
		return in, nil
	})
}
