package gateway

import (
	"encoding/json"
	"errors"
	"fmt"

	"bulkhead/abi"
)

// content is a content block of MCP. Which members it has follows from its type.
type content struct {
	Type     string    `json:"type"`
	Text     *string   `json:"text,omitempty"`
	Data     string    `json:"data,omitempty"`
	MIMEType string    `json:"mimeType,omitempty"`
	Resource *embedded `json:"resource,omitempty"`
}

type embedded struct {
	URI      string  `json:"uri"`
	MIMEType string  `json:"mimeType,omitempty"`
	Text     *string `json:"text,omitempty"`
	Blob     *string `json:"blob,omitempty"`
}

// encodeAnswer makes the result of tools/call. check is nil for a tool without output schema. The answer's content has
// been held against the ABI by whoever decoded it; a type that is not known here is an error all the same.
func (x *exchange) encodeAnswer(a *abi.ToolAnswer, check func(json.RawMessage) error) (json.RawMessage, error) {
	if a == nil {
		return nil, errors.New("the tool gave no answer")
	}
	if err := checkStructured(a, check); err != nil {
		return nil, err
	}
	blocks, err := contents(a)
	if err != nil {
		return nil, err
	}
	return encode(struct {
		frame
		Content    []content       `json:"content"`
		Structured json.RawMessage `json:"structuredContent,omitempty"`
		IsError    bool            `json:"isError,omitempty"`
	}{x.frame(), blocks, a.Structured, a.Failed})
}

// checkStructured asks for a structured answer where the tool promised one, unless it failed.
func checkStructured(a *abi.ToolAnswer, check func(json.RawMessage) error) error {
	switch {
	case a.Structured != nil && (len(a.Structured) == 0 || a.Structured[0] != '{'):
		return errors.New("the structured answer is not an object")
	case check == nil || a.Structured == nil && a.Failed:
		return nil
	case a.Structured == nil:
		return errors.New("the tool has an output schema and gave no structured answer")
	}
	if err := check(a.Structured); err != nil {
		return fmt.Errorf("checking the structured answer: %w", err)
	}
	return nil
}

// contents repeats a structured answer as text where there is no other content, for clients that know only text.
func contents(a *abi.ToolAnswer) ([]content, error) {
	if len(a.Content) == 0 && a.Structured != nil {
		text := string(a.Structured)
		return []content{{Type: abi.ContentText, Text: &text}}, nil
	}
	blocks := make([]content, 0, len(a.Content))
	for i, c := range a.Content {
		b := content{Type: c.Type}
		switch c.Type {
		case abi.ContentText:
			b.Text = &c.Text
		case abi.ContentImage, abi.ContentAudio:
			b.Data, b.MIMEType = c.Data, c.MIMEType
		case abi.ContentResource:
			b.Resource = &embedded{URI: c.URI, MIMEType: c.MIMEType}
			if c.Data != "" {
				b.Resource.Blob = &c.Data
			} else {
				b.Resource.Text = &c.Text
			}
		default:
			return nil, fmt.Errorf("content %d has the unknown type %.20q", i, c.Type)
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}
