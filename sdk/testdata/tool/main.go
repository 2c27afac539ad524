// The smallest tool plugin.
package main

import (
	"bulkhead/abi"
	"bulkhead/sdk"
)

func main() {}

func init() {
	sdk.Tool(func(q abi.ToolRequest) (abi.ToolAnswer, error) {
		return abi.ToolAnswer{Content: []abi.Content{sdk.Text(q.Tool)}}, nil
	})
}
