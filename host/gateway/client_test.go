package gateway

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// bearer is the HTTP client of somebody with a token.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// stdioTransport serves the world on pipes and returns the client's end.
func (w *world) stdioTransport(t *testing.T) mcp.Transport {
	t.Helper()
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- w.ServeStdio(context.Background(), in, out)
		out.Close()
	}()
	t.Cleanup(func() {
		toServer.Close()
		if err := within(t, done, "ServeStdio"); err != nil {
			t.Error(err)
		}
	})
	return &mcp.IOTransport{Reader: fromServer, Writer: toServer}
}

func within[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("waited for %s in vain", what)
		panic("unreachable")
	}
}

// The library's own client lists, calls with progress, and cancels, in every version and over both transports.
func TestLibraryClient(t *testing.T) {
	for _, transport := range []string{"http", "stdio"} {
		for _, version := range mcp.SupportedProtocolVersions() {
			t.Run(transport+" "+version, func(t *testing.T) { testClient(t, transport, version) })
		}
	}
}

func testClient(t *testing.T, transport, version string) {
	running, ended := make(chan struct{}, 1), make(chan error, 1)
	w := newWorld(t, func(_ *world, c *Config) {
		c.Credential = &abi.Credential{Scheme: "bearer", Value: "bob"}
		c.WithProgress = withSink
		c.Tools = append(c.Tools, stepper(), block("block", running, ended))
	})
	var link mcp.Transport
	if transport == "http" {
		w.listen(t)
		link = &mcp.StreamableClientTransport{Endpoint: w.url + Path, HTTPClient: &http.Client{Transport: bearer("bob")}}
	} else {
		link = w.stdioTransport(t)
	}
	var steps progressLog
	client := mcp.NewClient(&mcp.Implementation{Name: "t", Version: "1"}, &mcp.ClientOptions{ProgressNotificationHandler: steps.add})
	session, err := client.Connect(t.Context(), link, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	list, err := session.ListTools(t.Context(), nil)
	if err != nil || len(list.Tools) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	params := &mcp.CallToolParams{Name: "step", Meta: mcp.Meta{"progressToken": "p"}}
	result, err := session.CallTool(t.Context(), params)
	if err != nil || result.Content[0].(*mcp.TextContent).Text != "bob" || result.Meta[ReceiptKey] == nil {
		t.Fatalf("%+v, %v", result, err)
	}
	if got := steps.wait(t, 3); got != "0/2 1/2 2/2" {
		t.Errorf("progress: %s", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-running; cancel() }()
	if _, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "block"}); err == nil {
		t.Error("a cancelled call has a result")
	}
	if err := within(t, ended, "the cancelled tool"); err != context.Canceled {
		t.Error(err)
	}
	if got := w.actions(); strings.Count(got, "tools/call") != 2 || strings.Count(got, "tools/list") != 1 {
		t.Errorf("through the gate: %q", got)
	}
}

// A sink stands in for the host's capability progress.
type sinkKey struct{}

func withSink(ctx context.Context, report func(done, total float64)) context.Context {
	return context.WithValue(ctx, sinkKey{}, report)
}

func stepper() Tool {
	t := text("step", "")
	t.Invoke = func(ctx context.Context, q abi.ToolRequest) (*abi.ToolAnswer, error) {
		if gate.RunningFrom(ctx) == nil {
			return nil, errRefused
		}
		for i := range 3 {
			if report, ok := ctx.Value(sinkKey{}).(func(done, total float64)); ok {
				report(float64(i), 2)
			}
		}
		return &abi.ToolAnswer{Content: []abi.Content{{Type: "text", Text: q.Principal}}}, nil
	}
	return t
}

type progressLog struct {
	mu    sync.Mutex
	steps []string
}

func (p *progressLog) add(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	raw, _ := json.Marshal([]float64{r.Params.Progress, r.Params.Total})
	p.steps = append(p.steps, strings.Replace(strings.Trim(string(raw), "[]"), ",", "/", 1))
}

func (p *progressLog) wait(t *testing.T, n int) string {
	t.Helper()
	for range 500 {
		p.mu.Lock()
		got := strings.Join(p.steps, " ")
		enough := len(p.steps) >= n
		p.mu.Unlock()
		if enough {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "too few"
}

// Without a progress token nothing is sent, and numbers that are none are dropped.
func TestProgressOnlyOnRequest(t *testing.T) {
	w := serve(t, func(_ *world, c *Config) {
		c.WithProgress = withSink
		c.Tools = append(c.Tools, stepper())
	})
	if a := w.call(t, "step", `{}`); strings.Contains(a.raw, "progress") {
		t.Error(a)
	}
	body := strings.Replace(callBody("step", `{}`), `"_meta":{`, `"_meta":{"progressToken":17,`, 1)
	a := w.post(t, body, modern("tools/call", "step"))
	if strings.Count(a.raw, `"progressToken":17`) != 3 || a.result == nil {
		t.Error(a)
	}
}

// A client that hangs up cancels its call, in both generations: nobody could get the answer.
func TestHangingUpCancels(t *testing.T) {
	for _, generation := range []string{"modern", "legacy"} {
		t.Run(generation, func(t *testing.T) {
			running, ended := make(chan struct{}, 1), make(chan error, 1)
			w := serve(t, func(_ *world, c *Config) { c.Tools = append(c.Tools, block("block", running, ended)) })
			body, o := callBody("block", `{}`), modern("tools/call", "block")
			if generation == "legacy" {
				body = `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"block"}}`
				o = with("Mcp-Session-Id", w.begin(t))
			}
			ctx, cancel := context.WithCancel(t.Context())
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+Path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for _, set := range []option{as("alice"), with("Content-Type", "application/json"), with("Accept", "*/*"), o} {
				set(r)
			}
			go func() { <-running; cancel() }()
			if resp, err := http.DefaultClient.Do(r); err == nil {
				resp.Body.Close()
				t.Error("an answer")
			}
			if err := within(t, ended, "the abandoned tool"); err != context.Canceled {
				t.Error(err)
			}
			w.lastEntry(t, gate.KindResult, gate.Failure)
		})
	}
}

// lastEntry waits for an entry as the last one.
func (w *world) lastEntry(t *testing.T, kind gate.Kind, outcome gate.Outcome) {
	t.Helper()
	for range 500 {
		w.mu.Lock()
		n := len(w.entries)
		ok := n > 0 && w.entries[n-1].Kind == kind && w.entries[n-1].Outcome == outcome
		w.mu.Unlock()
		if ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("no entry %s %s", kind, outcome)
}
