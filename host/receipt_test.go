package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/host/gate"
	"bulkhead/host/receipt/receipttest"
)

const (
	receiptParams = `{"name":"label","arguments":{"image":"AAAA"}}`
	receiptResult = `{"_meta":{},"content":[{"type":"text","text":"seven"}]}`
)

// verifyReceipt runs the command with files in a folder of its own.
func verifyReceipt(t *testing.T, l *receipttest.Log, files map[string]string, args ...string) (exit int, out, errOut string) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"audit", "verify-receipt", "--key", l.PublicFile}
	for _, a := range args {
		if _, ok := files[a]; ok {
			a = filepath.Join(folder, a)
		}
		all = append(all, a)
	}
	var o, e strings.Builder
	exit = execute(context.Background(), all, strings.NewReader(files["stdin"]), &o, &e)
	return exit, o.String(), e.String()
}

func TestVerifyReceipt(t *testing.T) {
	l := receipttest.New(t, "")
	e := receipttest.Entry()
	e.Resource = "label\x1b[2J\u202e"
	r := l.Receipt(e, receiptParams, receiptResult, true)
	bare, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	with := l.WithReceipt(receiptResult, r)
	files := map[string]string{
		"receipt.json": string(bare), "result.json": with, "answer.json": `{"jsonrpc":"2.0","id":1,"result":` + with + `}`, "stdin": with,
		"plain.json": receiptResult, "params.json": receiptParams, "request.json": `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":` + receiptParams + `}`,
		"other.json": strings.Replace(receiptResult, "seven", "eight", 1), "forged.json": strings.Replace(with, "seven", "eight", 1),
		"edited.json": strings.Replace(string(bare), "alice", "mallo", 1), "broken.json": "{",
	}
	for _, c := range []struct {
		name string
		args []string
		exit int
		want string // in the output, or in the error
	}{
		{"alone", []string{"receipt.json"}, exitOK, "response    not compared"},
		{"result", []string{"result.json"}, exitOK, "response    is the one of the entry"},
		{"JSON-RPC response", []string{"answer.json"}, exitOK, "response    is the one of the entry"},
		{"standard input", []string{"-"}, exitOK, "response    is the one of the entry"},
		{"with all", []string{"receipt.json", "--response", "answer.json", "--request", "request.json"}, exitOK, "request     is the one of the entry"},
		{"says what it binds", []string{"receipt.json", "--request", "params.json"}, exitOK, "principal   alice\ntool        tools/call label\\x1b[2J\\u202e\n"},
		{"says what it does not prove", []string{"receipt.json"}, exitOK, "not proven"},
		{"the entry's own signature", []string{"receipt.json"}, exitOK, "own holds"},
		{"its origin", []string{"receipt.json", "--origin", l.Signer.Origin()}, exitOK, l.Signer.Origin()},
		{"for machines", []string{"receipt.json", "--response", "plain.json", "--json"}, exitOK, `"response_matches": true`},
		{"another result", []string{"receipt.json", "--response", "other.json"}, exitRefused, "another response"},
		{"another request", []string{"receipt.json", "--request", "plain.json"}, exitRefused, "another request"},
		{"a result that was edited", []string{"forged.json"}, exitRefused, "another response"},
		{"an entry that was edited", []string{"edited.json"}, exitRefused, "not in the log"},
		{"another origin", []string{"receipt.json", "--origin", "example.com/log"}, exitRefused, "not example.com/log"},
		{"no JSON", []string{"broken.json"}, exitRefused, "reading the file"},
		{"no receipt", []string{"plain.json"}, exitRefused, "there is no receipt"},
		{"no file", []string{"missing.json"}, exitUsage, "no such file"},
		{"nothing", nil, exitUsage, "want 1 arguments"},
	} {
		t.Run(c.name, func(t *testing.T) {
			exit, out, errOut := verifyReceipt(t, l, files, c.args...)
			text := errOut
			if c.exit == exitOK {
				text = out
			}
			if exit != c.exit || !strings.Contains(text, c.want) || c.exit == exitRefused && !strings.Contains(errOut, "reading") && !strings.Contains(errOut, "there is no") && !strings.Contains(errOut, "hint: ") {
				t.Errorf("exit %d:\n%s%s", exit, out, errOut)
			}
			if strings.ContainsAny(out+errOut, "\x1b\u202e") && !strings.Contains(strings.Join(c.args, " "), "--json") {
				t.Error("words of the entry steer the terminal")
			}
		})
	}
	other := receipttest.New(t, "")
	if exit, _, errOut := verifyReceipt(t, other, files, "receipt.json"); exit != exitRefused || !strings.Contains(errOut, "hint: if that is the log you expect") {
		t.Errorf("another key: exit %d: %s", exit, errOut)
	}
	if exit, _, errOut := verifyReceipt(t, other, files, "receipt.json", "--origin", l.Signer.Origin()); exit != exitRefused || !strings.Contains(errOut, "not signed by the key") {
		t.Errorf("another key, and the origin confirmed: exit %d: %s", exit, errOut)
	}
}

// A receipt is about a result; what else is in the log has no business in one.
func TestVerifyReceiptOfADecision(t *testing.T) {
	l := receipttest.New(t, "")
	e := receipttest.Entry()
	e.Event, e.Kind = gate.CallDecision, gate.KindDecision
	r := l.Receipt(e, receiptParams, receiptResult, false)
	with := l.WithReceipt(receiptResult, r)
	if exit, _, errOut := verifyReceipt(t, l, map[string]string{"r.json": with}, "r.json"); exit != exitRefused || !strings.Contains(errOut, "a receipt is about") {
		t.Errorf("exit %d: %s", exit, errOut)
	}
}
