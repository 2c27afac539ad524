// Package bench measures Bulkhead against its peers, in one run each. README.md says how and shows results.
package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const answer = "This is a simple text response for testing."

// bareAddress, set in the environment, makes this test binary the peer: go-sdk alone, with the same tool and nothing else.
const bareAddress = "BULKHEAD_BENCH_BARE"

func TestMain(m *testing.M) {
	if addr := os.Getenv(bareAddress); addr != "" {
		fmt.Fprintln(os.Stderr, serveBare(addr))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func serveBare(addr string) error {
	s := mcp.NewServer(&mcp.Implementation{Name: "bare", Version: "1"}, nil)
	tool := &mcp.Tool{Name: "test_simple_text", Description: "text", InputSchema: map[string]any{"type": "object"}}
	s.AddTool(tool, func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: answer}}}, nil
	})
	h := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, &mcp.StreamableHTTPOptions{Stateless: true})
	return http.ListenAndServe(addr, h)
}

// BenchmarkToolsCall compares one tools/call over HTTP: through authentication, policy, a sandboxed tool and two durable log
// entries, and on a bare go-sdk server with the same tool as a Go function. Client and servers are three processes.
func BenchmarkToolsCall(b *testing.B) {
	gate, token := startHost(b)
	bare := startBare(b)
	for _, peer := range []struct{ name, url, token string }{{"bare-go-sdk", bare, ""}, {"whole-gate", gate, token}} {
		for _, clients := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/clients=%d", peer.name, clients), func(b *testing.B) { measure(b, peer.url, peer.token, clients) })
		}
	}
}

func measure(b *testing.B, url, token string, clients int) {
	session := connect(b, url, token)
	defer session.Close()
	call(b, session)
	if clients == 1 {
		for b.Loop() {
			call(b, session)
		}
		return
	}
	b.SetParallelism(clients)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			call(b, session)
		}
	})
}

func call(b *testing.B, session *mcp.ClientSession) {
	r, err := session.CallTool(context.Background(), &mcp.CallToolParams{Name: "test_simple_text"})
	if err != nil {
		b.Error(err)
		return
	}
	if t, ok := r.Content[0].(*mcp.TextContent); !ok || t.Text != answer {
		b.Errorf("answer %v", r.Content)
	}
}

type bearer string

// RoundTrip adds the token.
func (t bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if t != "" {
		r.Header.Set("Authorization", "Bearer "+string(t))
	}
	return http.DefaultTransport.RoundTrip(r)
}

func connect(b *testing.B, url, token string) *mcp.ClientSession {
	c := mcp.NewClient(&mcp.Implementation{Name: "bench", Version: "1"}, nil)
	t := &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: bearer(token)}, MaxRetries: -1, DisableStandaloneSSE: true}
	s, err := c.Connect(context.Background(), t, nil)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// background starts a process that ends with the benchmark, and waits until it listens.
func background(b *testing.B, addr string, cmd *exec.Cmd) {
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	for range 300 {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Fatalf("nothing listens on %s", addr)
}

func freeAddress(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func startBare(b *testing.B) string {
	addr := freeAddress(b)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), bareAddress+"="+addr)
	background(b, addr, cmd)
	return "http://" + addr
}

// startHost builds a host and three plugins, and starts it as a user would.
func startHost(b *testing.B) (url, token string) {
	dir, addr := b.TempDir(), freeAddress(b)
	host := filepath.Join(dir, "host")
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("%s %v: %v", name, args, err)
		}
		return strings.TrimSpace(string(out))
	}
	run("go", "build", "-o", host, "../host")
	run(host, "key", "new", "publisher", "--purpose", "publisher", "--folder", dir, "--development")
	run(host, "key", "new", "token", "--purpose", "token", "--folder", dir, "--development")
	run(host, "key", "new", "evidence", "--purpose", "evidence", "--folder", filepath.Join(dir, "device"), "--development")
	for alias, src := range map[string]string{"auth": "auth-jwt", "abac": "policy-abac", "fixture": "internal/fixture"} {
		run(host, "plugin", "build", "../plugins/"+src, "-o", filepath.Join(dir, alias))
		run(host, "plugin", "sign", filepath.Join(dir, alias), "--key", filepath.Join(dir, "publisher.key"))
	}
	jwk := run("sh", "-c", host+" key show "+dir+"/token.pub | sed -n 's/^jwk *//p'")
	write(b, dir, "device.toml", "name = \"bench\"\nzone = \"bench\"\nkeys = \"file\"\nkey_folder = \"device\"\n")
	write(b, dir, "host.toml", strings.NewReplacer("ADDR", addr, "JWK", inlineTable(jwk)).Replace(manifest))
	background(b, addr, exec.Command(host, "run", "-m", filepath.Join(dir, "host.toml")))
	return "http://" + addr + "/mcp", run(host, "token", "--key", filepath.Join(dir, "token.key"), "--subject", "bench", "--lifetime", "1h")
}

func write(b *testing.B, dir, name, text string) {
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// inlineTable turns a flat JSON object of strings into a TOML inline table.
func inlineTable(object string) string { return strings.ReplaceAll(object, `":"`, `" = "`) }

const manifest = `
schema = 1
serial = 1
state  = "state"
[pipeline]
auth   = "auth"
policy = ["abac"]
[listen]
http    = "ADDR"
origins = []
[publisher.bench]
keys      = ["publisher.pub"]
threshold = 1
may_sign  = ["bulkhead/*"]
roles     = ["auth", "policy", "tool"]
[plugin.auth]
bundle    = "auth"
is        = "bulkhead/auth-jwt"
role      = "auth"
backend   = "wazero"
isolation = "process"
memory    = "32MiB"
timeout   = "2s"
fuel      = "2G"
grant.log = {}
config.issuers."urn:bulkhead:dev" = { keys = [JWK] }
[plugin.abac]
bundle    = "abac"
is        = "bulkhead/policy-abac"
role      = "policy"
backend   = "wazero"
isolation = "process"
memory    = "32MiB"
timeout   = "2s"
fuel      = "2G"
grant     = {}
config.rules = [{ name = "all", effect = "allow", principals = ["*"], actions = ["*"], resources = ["*"] }]
[plugin.fixture]
bundle    = "fixture"
is        = "bulkhead/fixture"
role      = "tool"
backend   = "wazero"
isolation = "process"
memory    = "32MiB"
timeout   = "5s"
fuel      = "2G"
prefix    = ""
grant     = {}
`
