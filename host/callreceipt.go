package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/gateway"
	"bulkhead/host/safefile"
	"bulkhead/host/strictjson"
)

// A clientReceipt is the receipt of an answer as a client sees it: somebody's word until it is checked.
type clientReceipt struct {
	raw   json.RawMessage // as it came; nil: the answer has none
	index uint64          // what it claims: of which entry
	entry string          // and that entry's id
	err   error           // why it cannot be read
}

// receiptOf finds the receipt in a result. A host of another make may have none.
func receiptOf(r *mcp.CallToolResult) (c clientReceipt) {
	given := r.Meta[gateway.ReceiptKey]
	if given == nil {
		return c
	}
	var p gate.Proof
	if c.raw, c.err = json.Marshal(given); c.err != nil {
		return c
	}
	if c.err = strictjson.Decode(c.raw, &p); c.err != nil {
		return c
	}
	proof, err := checkpoint.ParseProof([]byte(p.Proof))
	var entry struct {
		ID string `json:"id"`
	}
	c.err = errors.Join(err, json.Unmarshal([]byte(p.Entry), &entry))
	c.index, c.entry = proof.Index, entry.ID
	return c
}

// text is the receipt in a line, after what has been said already.
func (c clientReceipt) text() string {
	switch {
	case c.raw == nil:
		return ""
	case c.err != nil:
		return " · the receipt cannot be read: " + terminal(c.err.Error())
	}
	return fmt.Sprintf(" · log entry %d, %s", c.index, terminal(c.entry))
}

// write makes a file of it, whatever it is worth: that is for whoever checks it to say.
func (c clientReceipt) write(path string) error {
	if c.raw == nil {
		return &exitError{exitFailure, errors.New("the answer has no receipt"), "the host's log may be switched off: 'host status' on the device says so"}
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("writing the receipt: %w", err)
	}
	defer root.Close()
	if err := safefile.Replace(root, filepath.Base(path), append(c.raw, '\n')); err != nil {
		return fmt.Errorf("writing the receipt: %w", err)
	}
	return nil
}

// printResult shows an answer to a person. What the tool says is its own word: control characters are escaped.
func printResult(s *streams, r *mcp.CallToolResult, receipt clientReceipt, took time.Duration) error {
	var text strings.Builder
	for _, c := range r.Content {
		switch c := c.(type) {
		case *mcp.TextContent:
			fmt.Fprintln(&text, terminal(c.Text))
		default:
			fmt.Fprintf(&text, "(%T; --json shows it)\n", c)
		}
	}
	fmt.Fprintf(&text, "%.1f ms%s\n", float64(took.Microseconds())/1000, receipt.text())
	if err := s.say(r, text.String()); err != nil {
		return err
	}
	if r.IsError {
		return &exitError{exitPlugin, errors.New("the tool answered that it failed"), ""}
	}
	return nil
}
