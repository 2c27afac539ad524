package sdk

import "bulkhead/abi"

// Tool makes the plugin a tool plugin: h runs the tool that the request names. Call it once, in init. An error of h goes
// to the log and the client gets a short error with the call id; an answer with Failed set tells the client itself.
func Tool(h func(abi.ToolRequest) (abi.ToolAnswer, error)) {
	register(overJSON(func(q abi.ToolRequest) (abi.ToolAnswer, error) {
		a, err := h(q)
		if a.Content == nil {
			a.Content = []abi.Content{} // the member is required
		}
		return a, err
	}))
}

// Text is a block of text for ToolAnswer.Content.
func Text(s string) abi.Content { return abi.Content{Type: abi.ContentText, Text: s} }
