package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"bulkhead/host/gateway"
)

const defaultURL = "http://127.0.0.1:8080/mcp"

type callOptions struct {
	url, tokenFile, receipt string
	list, ready             bool
	timeout                 time.Duration
}

func callCommand(s *streams) *cobra.Command {
	var o callOptions
	cmd := &cobra.Command{
		Use:   "call TOOL [NAME=VALUE | NAME=@FILE | NAME:=JSON]...",
		Short: "Call a tool of a running host, as an MCP client",
		Long: `Call a tool of a running host, as an MCP client.

NAME=VALUE   a string
NAME=@FILE   a file's bytes in base64
NAME:=JSON   any JSON value

The token comes from --token-file or the environment variable BULKHEAD_TOKEN; without either the call is made without
a credential. --json prints the raw result.

The host answers with a receipt: proof that its log has the call. --receipt writes it to a file, which anybody can check
with 'host audit verify-receipt' and the device's public audit key.`,
		Example: `  bin/host call label image=@examples/quickstart/seven.png
  bin/host call --list`,
		Args: func(_ *cobra.Command, args []string) error {
			if alone := o.list || o.ready; alone != (len(args) == 0) || alone && o.receipt != "" {
				return usage(errors.New("want a tool's name and its arguments, or --list or --ready alone"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), s, args) },
	}
	cmd.Flags().StringVar(&o.url, "url", defaultURL, "the host's MCP endpoint")
	cmd.Flags().StringVar(&o.tokenFile, "token-file", "", "file with the bearer token")
	cmd.Flags().BoolVar(&o.list, "list", false, "list the tools that this caller may see")
	cmd.Flags().BoolVar(&o.ready, "ready", false, "only ask whether the host is ready to serve")
	cmd.Flags().StringVar(&o.receipt, "receipt", "", "write the answer's receipt to this file")
	cmd.Flags().DurationVar(&o.timeout, "timeout", time.Minute, "give up after this long")
	return cmd
}

func (o *callOptions) run(ctx context.Context, s *streams, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if o.ready {
		return o.checkReady(ctx)
	}
	token, err := o.token()
	if err != nil {
		return err
	}
	bearer := &bearerTransport{token: token}
	session, err := o.connect(ctx, bearer)
	if err != nil {
		return bearer.explain(err)
	}
	defer session.Close()
	if o.list {
		return listTools(ctx, s, session)
	}
	arguments, err := parseArguments(args[1:])
	if err != nil {
		return usage(err)
	}
	start := time.Now()
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: args[0], Arguments: arguments})
	if err != nil {
		return bearer.explain(err)
	}
	receipt := receiptOf(result)
	err = printResult(s, result, receipt, time.Since(start))
	if o.receipt != "" {
		err = errors.Join(err, receipt.write(o.receipt))
	}
	return err
}

func (o *callOptions) connect(ctx context.Context, bearer http.RoundTripper) (*mcp.ClientSession, error) {
	client := mcp.NewClient(&mcp.Implementation{Name: "bulkhead", Version: version}, nil)
	return client.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint: o.url, HTTPClient: &http.Client{Transport: bearer, CheckRedirect: noRedirect}, MaxRetries: -1, DisableStandaloneSSE: true,
	}, nil)
}

// noRedirect keeps the token with the host that it was meant for.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// checkReady asks the host's /readyz.
func (o *callOptions) checkReady(ctx context.Context) error {
	at, err := url.Parse(o.url)
	if err != nil {
		return usage(err)
	}
	at.Path = "/readyz"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return usage(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", resp.Status)
	}
	return nil
}

// token reads the credential; "" means none.
func (o *callOptions) token() (string, error) {
	if o.tokenFile == "" {
		return strings.TrimSpace(os.Getenv("BULKHEAD_TOKEN")), nil
	}
	return readCredential(o.tokenFile)
}

// bearerTransport adds the token and remembers how the host refused, or that nobody was there.
type bearerTransport struct {
	token  string
	status atomic.Int32
	lost   atomic.Pointer[error] // what the connection failed with
}

// RoundTrip implements http.RoundTripper.
func (b *bearerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.lost.Store(&err)
		return nil, err
	}
	if resp.StatusCode >= 400 {
		b.status.Store(int32(resp.StatusCode))
	}
	return resp, nil
}

// explain turns what the client library says into what the caller should do.
func (b *bearerTransport) explain(err error) error {
	if lost := b.lost.Load(); lost != nil {
		return &exitError{exitFailure, *lost, "is a host running there? --url says where, [listen] http in its manifest"}
	}
	var wire *jsonrpc.Error
	switch status := b.status.Load(); {
	case status == http.StatusUnauthorized && b.token == "":
		return &exitError{exitDenied, errors.New("401: the host wants a credential"), "give --token-file, or set BULKHEAD_TOKEN; 'host token' makes one for development"}
	case status == http.StatusUnauthorized:
		return &exitError{exitDenied, errors.New("401: the host did not accept the credential"), "tokens last an hour at most: make a new one; 'host audit tail' on the device counts refusals"}
	case status == http.StatusTooManyRequests:
		return &exitError{exitLimit, errors.New("429: too many refused requests from this address"), "wait a few seconds"}
	case status == http.StatusServiceUnavailable:
		return &exitError{exitFailure, errors.New("503: the host cannot serve this at present"), seeStatus}
	case errors.As(err, &wire):
		return explainWire(wire)
	}
	return err
}

func explainWire(e *jsonrpc.Error) error {
	detail := e.Message
	var data struct {
		Call string `json:"call"`
	}
	if json.Unmarshal(e.Data, &data) == nil && data.Call != "" {
		detail += " (call " + data.Call + ")"
	}
	err := errors.New(terminal(detail))
	switch e.Code {
	case gateway.CodeDenied:
		return &exitError{exitDenied, err, "on the device, 'host audit show CALL --log STATE' says which policy and why"}
	case gateway.CodeFailed:
		return &exitError{exitPlugin, err, "on the device, 'host audit show CALL --log STATE' says why"}
	case gateway.CodeUnavailable:
		return &exitError{exitFailure, err, seeStatus}
	case jsonrpc.CodeInvalidParams:
		return &exitError{exitUsage, err, "'host call --list' shows the tools and what they take"}
	}
	return err
}

func listTools(ctx context.Context, s *streams, session *mcp.ClientSession) error {
	list, err := session.ListTools(ctx, nil)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, t := range list.Tools {
		fmt.Fprintf(&text, "%-24s %s\n", terminal(t.Name), terminal(t.Description))
	}
	return s.say(list.Tools, text.String())
}
