package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gateway"
)

// answered is a result with these words as its receipt.
func answered(receipt string) *mcp.CallToolResult {
	r := &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "7"}}}
	if receipt != "" {
		r.Meta = mcp.Meta{gateway.ReceiptKey: json.RawMessage(receipt)}
	}
	return r
}

func givenReceipt(entry, proof string) string {
	text, _ := json.Marshal(map[string]string{"entry": entry, "salt": "c2FsdHNhbHRzYWx0c2FsdA==", "proof": proof})
	return string(text)
}

func TestWhatTheClientSaysOfAReceipt(t *testing.T) {
	proof := string(checkpoint.Proof{Index: 17, Checkpoint: []byte("note")}.Marshal())
	for _, tt := range []struct{ name, receipt, want string }{
		{"a receipt", givenReceipt(`{"id":"01a2","else":1}`, proof), " · log entry 17, 01a2\n"},
		{"none", "", " ms\n"},
		{"an id that would steer the terminal", givenReceipt(`{"id":"\u001b[2J\u202e"}`, proof), `log entry 17, \x1b[2J\u202e` + "\n"},
		{"no proof", givenReceipt(`{"id":"01a2"}`, "\x1b[2J"), "the receipt cannot be read: "},
		{"no entry", givenReceipt("\x1b", proof), "the receipt cannot be read: "},
		{"a text", `"\u001b"`, "the receipt cannot be read: "},
		{"other members", `{"entry":"{}","salt":"","proof":"","\u001b[2J":1}`, "the receipt cannot be read: "},
	} {
		var out strings.Builder
		if err := printResult(&streams{out: &out}, answered(tt.receipt), receiptOf(answered(tt.receipt)), time.Millisecond); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := out.String(); !strings.Contains(got, tt.want) || strings.ContainsAny(got, "\x1b\u202e") {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The file is the user's alone, and it replaces what had its name without writing through it.
func TestTheReceiptIsWritten(t *testing.T) {
	dir := t.TempDir()
	precious, file := filepath.Join(dir, "precious"), filepath.Join(dir, "receipt.json")
	if err := os.WriteFile(precious, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(precious, file); err != nil {
		t.Fatal(err)
	}
	given := givenReceipt(`{"id":"01a2"}`, "proof")
	if err := receiptOf(answered(given)).write(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	info, err2 := os.Lstat(file)
	if err != nil || err2 != nil || string(data) != given+"\n" || info.Mode() != 0o600 {
		t.Errorf("%s %v, %v %v", data, info, err, err2)
	}
	if data, _ := os.ReadFile(precious); string(data) != "precious" {
		t.Errorf("the link was followed: %s", data)
	}
	if names, _ := os.ReadDir(dir); len(names) != 2 {
		t.Errorf("left behind: %v", names)
	}
}

func TestAnAnswerWithoutReceipt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "receipt.json")
	if err := receiptOf(answered("")).write(file); code(err) != exitFailure || hint(err) == "" {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a file: %v", err)
	}
	if err := receiptOf(answered(givenReceipt("{}", ""))).write(filepath.Join(file, "nowhere")); code(err) != exitFailure {
		t.Errorf("%v", err)
	}
}
