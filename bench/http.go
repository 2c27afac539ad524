package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/bench/peers"
)

const (
	taskBare   = "bare"
	bareAnswer = "This is a simple text response for testing."
	bareTool   = "test_simple_text"
	crowd      = 8 // clients at the same time
)

// Contenders over HTTP.
const (
	nameBare = "bare go-sdk server, the tool a Go function"
	nameHost = "host run: token, policy, tool in workers, two flushed entries"
)

// http compares one tools/call over HTTP: through a whole host, and on a bare go-sdk server. Clients and servers are three
// processes.
func (b *bench) http(ctx context.Context) error {
	gate, err := b.startGate(ctx)
	if err != nil {
		return err
	}
	bare, err := b.startBare(ctx)
	if err != nil {
		return err
	}
	var entries []entry
	for _, callers := range []int{1, crowd} {
		for _, x := range []struct {
			name string
			open opening
		}{{nameBare, bare}, {nameHost, gate}} {
			entries = append(entries, entry{name: clientsName(x.name, callers), open: x.open, callers: callers, own: true})
		}
	}
	_, err = b.compare(ctx, comparison{
		name: "http", title: "tools/call over HTTP", base: clientsName(nameBare, 1), entries: entries, check: equals([]byte(bareAnswer)), rounds: 100,
		notes: "MCP's Streamable HTTP with the official Go client, one session for each client, in three processes. The time of all calls over their number. " +
			"The peer authenticates nobody, asks nobody, runs a Go function, and writes nothing down.",
	})
	return err
}

func clientsName(name string, callers int) string {
	return fmt.Sprintf("%s, %d client%s", name, callers, map[bool]string{true: "s"}[callers > 1])
}

// serveBare is a child's task: go-sdk alone, with the same tool and nothing else.
func serveBare(address string) error {
	s := mcp.NewServer(&mcp.Implementation{Name: "bare", Version: "1"}, nil)
	tool := &mcp.Tool{Name: bareTool, Description: "text", InputSchema: map[string]any{"type": "object"}}
	s.AddTool(tool, func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: bareAnswer}}}, nil
	})
	h := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, &mcp.StreamableHTTPOptions{Stateless: true})
	return http.ListenAndServe(address, h)
}

func (b *bench) startBare(ctx context.Context) (opening, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = append(os.Environ(), childVariable+"="+task(taskBare, address))
	return session("http://"+address, ""), b.background(cmd, "http://"+address+"/")
}

// background starts a process that ends with the section, and waits until something answers there.
func (b *bench) background(cmd *exec.Cmd, url string) error {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		return err
	}
	for range 300 {
		if r, err := http.Get(url); err == nil {
			r.Body.Close()
			b.Closing(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() }) // an interrupt is how it ends
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it has said what there is to say
	return fmt.Errorf("nothing answers at %s\n%s", url, complaint.Bytes())
}

// session opens a session for each caller.
func session(url, token string) opening {
	return func(ctx context.Context) (peers.Caller, error) {
		c := mcp.NewClient(&mcp.Implementation{Name: "bench", Version: "1"}, nil)
		t := &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: bearer(token)}, MaxRetries: -1, DisableStandaloneSSE: true}
		s, err := c.Connect(ctx, t, nil)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, dst, _ []byte) ([]byte, error) {
			r, err := s.CallTool(ctx, &mcp.CallToolParams{Name: bareTool})
			if err != nil {
				return nil, err
			}
			text, ok := r.Content[0].(*mcp.TextContent)
			if !ok {
				return nil, fmt.Errorf("answers %v", r.Content)
			}
			return append(dst, text.Text...), nil
		}, nil
	}
}

type bearer string

// RoundTrip adds the token.
func (t bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if t != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+string(t))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// A running host, set up as a user would.
type runningHost struct{ folder, url, token string }

// prepareHost sets a host up in a folder of its own.
func (b *bench) prepareHost(ctx context.Context) (*runningHost, error) {
	folder, err := b.temporary()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	host, err := filepath.Abs(b.host)
	if err != nil {
		return nil, err
	}
	q := &quickstart{host: host, folder: folder}
	text, err := q.prepareGate(ctx, b.root, address)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(q.in("host.toml"), []byte(text), 0o600); err != nil {
		return nil, err
	}
	token, err := q.run(ctx, "token", "--key", q.in("keys/token.key"), "--subject", "bench", "--lifetime", "1h")
	return &runningHost{folder, "http://" + address, strings.TrimSpace(string(token))}, err
}

// start starts it, until the end of the section.
func (h *runningHost) start(ctx context.Context, b *bench) error {
	host, err := filepath.Abs(b.host)
	if err != nil {
		return err
	}
	return b.background(exec.CommandContext(ctx, host, "run", "-m", filepath.Join(h.folder, "host.toml")), h.url+"/readyz")
}

func (b *bench) startGate(ctx context.Context) (opening, error) {
	h, err := b.prepareHost(ctx)
	if err != nil {
		return nil, err
	}
	return session(h.url+"/mcp", h.token), h.start(ctx, b)
}
