package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/receipt"
)

type receiptOptions struct{ key, origin, response, request string }

func auditReceiptCommand(s *streams) *cobra.Command {
	var o receiptOptions
	cmd := &cobra.Command{
		Use:   "verify-receipt FILE --key DEVICE.pub",
		Short: "Check a receipt that came with a tool's answer, offline",
		Long: `Check a receipt that came with a tool's answer: that its entry is in the log that the key signs, and what the entry says.
It needs no network and no device, only the device's public audit key.

FILE holds the receipt alone, an MCP result that has it at _meta["bulkhead/receipt"], or the JSON-RPC response with such a
result; "-" is standard input. With a result, that is held against the entry too. --response and --request name files with
the result and the params, or the JSON-RPC messages with them, if they are elsewhere.

The log's name must be one that hosts make of the key (bulkhead/DEVICE/KEYID); for another, say with --origin that you
expect it.`,
		Args: exactly("FILE"),
		RunE: func(_ *cobra.Command, args []string) error { return o.run(s, args[0]) },
	}
	cmd.Flags().StringVar(&o.key, "key", "", "the device's public audit key")
	cmd.Flags().StringVar(&o.origin, "origin", "", "the name of the log, if it is not made of the key")
	cmd.Flags().StringVar(&o.response, "response", "", "file with the result that the receipt must be for")
	cmd.Flags().StringVar(&o.request, "request", "", "file with the params that the receipt must be for")
	_ = cmd.MarkFlagRequired("key") // fails only for an unknown flag
	return cmd
}

const receiptHint = "believe nothing that this receipt was to prove; keep it as evidence"

func (o *receiptOptions) run(s *streams, file string) error {
	key, err := keys.ReadAuditPublic(o.key)
	if err != nil {
		return err
	}
	r, claims, err := o.read(s, file)
	if err != nil {
		return err
	}
	report, err := receipt.Check(receipt.Config{Key: key, Origin: o.origin}, r, claims)
	if errors.Is(err, receipt.ErrOrigin) {
		return refused(err, "if that is the log you expect, say so with --origin")
	}
	if err != nil {
		return refused(err, receiptHint)
	}
	return s.say(receiptInfoOf(key, report), receiptText(key, report))
}

// read reads the receipt and what it is held against.
func (o *receiptOptions) read(s *streams, file string) (r gate.Proof, claims receipt.Claims, err error) {
	data, err := s.readJSON(file)
	if err != nil {
		return r, claims, err
	}
	if r, claims.Result, err = receipt.Read(data); err != nil {
		return r, claims, refused(fmt.Errorf("%s: %w", file, err), "")
	}
	for _, c := range []struct {
		path string
		to   *[]byte
		read func([]byte) ([]byte, error)
	}{{o.response, &claims.Result, receipt.ReadResult}, {o.request, &claims.Params, receipt.ReadParams}} {
		if c.path == "" {
			continue
		}
		data, err := s.readJSON(c.path)
		if err != nil {
			return r, claims, err
		}
		if *c.to, err = c.read(data); err != nil {
			return r, claims, refused(fmt.Errorf("%s: %w", c.path, err), "")
		}
	}
	return r, claims, nil
}

// readJSON reads a file, or standard input for "-", up to what a receipt may be.
func (s *streams) readJSON(path string) ([]byte, error) {
	in := s.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, usage(err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, receipt.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if len(data) > receipt.MaxFile {
		return nil, refused(fmt.Errorf("%s has more than %d bytes", path, receipt.MaxFile), "")
	}
	return data, nil
}

// receiptInfo is what `host audit verify-receipt --json` prints.
type receiptInfo struct {
	Origin      string          `json:"origin"`
	KeyID       string          `json:"keyid"`
	Development bool            `json:"development"` // the key, or the host that wrote the entry
	Index       uint64          `json:"index"`
	Size        uint64          `json:"size"` // of the log, under the checkpoint of the proof
	Hash        string          `json:"hash"` // of the entry
	Entry       json.RawMessage `json:"entry"`
	Signed      bool            `json:"signed"` // the entry has a signature of its own, which holds
	Request     bool            `json:"request_matches"`
	Response    bool            `json:"response_matches"`
	NotProven   string          `json:"not_proven"`
}

func receiptInfoOf(key *keys.AuditPublic, r *receipt.Report) receiptInfo {
	return receiptInfo{
		Origin: r.Head.Origin, KeyID: key.KeyID, Development: key.Development || r.Entry.Development,
		Index: r.Index, Size: r.Head.Size, Hash: r.Hash, Entry: r.Bytes, Signed: r.Signed,
		Request: r.Request, Response: r.Response, NotProven: receipt.NotProven,
	}
}

// receiptText says what the receipt binds. What the entry says are words of a host, whose key may be anybody's.
func receiptText(key *keys.AuditPublic, r *receipt.Report) string {
	var b strings.Builder
	say := func(name, format string, a ...any) {
		if text := fmt.Sprintf(format, a...); text != "" {
			fmt.Fprintf(&b, "%-11s %s\n", name, gate.Escape(text))
		}
	}
	compared := map[bool]string{true: "is the one of the entry", false: "not compared"}
	e := r.Entry
	b.WriteString("receipt ok\n")
	say("log", "%s, signed by key %s", r.Head.Origin, key.KeyID[:16])
	say("entry", "%d of %d, %s, SHA-256 %s", r.Index, r.Head.Size, e.ID, r.Hash)
	say("call", "%s", e.Call)
	say("trace", "%s", e.TraceID)
	say("time", "%s", e.Timestamp)
	say("principal", "%s", e.Actor)
	say("tool", "%s %s", e.Action, e.Resource)
	say("outcome", "%s", e.Outcome)
	say("reason", "%s", e.Reason)
	if e.Verdict != nil {
		say("decision", "%s", strings.TrimSuffix(e.Verdict.Outcome+": "+e.Verdict.Reason, ": "))
	}
	for _, p := range e.Plugins {
		say("plugin", "%s %s %s", p.Alias, p.Digest, p.Backend)
	}
	say("grants", "%s", strings.Join(e.Grants, " "))
	say("fuel", "%d%s", e.Fuel, map[bool]string{true: ", in part by a worker's word"}[e.Reported])
	say("took", "%s", time.Duration(e.Micros)*time.Microsecond)
	say("request", "%s", compared[r.Request])
	say("response", "%s", compared[r.Response])
	if r.Signed {
		say("signature", "the entry's own holds too")
	}
	if key.Development || e.Development {
		say("development", "keys for trying things out: this proves nothing to others")
	}
	say("not proven", "%s", receipt.NotProven)
	return b.String()
}
