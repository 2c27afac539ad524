package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"bulkhead/abi"
)

// status asks for a path of the host as a stranger.
func (w *world) status(t *testing.T, path string) int {
	t.Helper()
	resp, err := http.Get(w.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// From the moment at which the log fails nobody gets anything, whoever knows it or not: the host is not ready, and every
// request hears that it is not available while the listener still listens. A call that was running then gets no answer.
func TestAFailedLogEndsEverything(t *testing.T) {
	running, end := make(chan struct{}), make(chan struct{})
	w := serve(t, func(w *world, c *Config) {
		c.Audit = someLog
		c.Ready = func() error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.failLog {
				return errors.New("disk full at /secret/path")
			}
			return nil
		}
		slow := text("slow", "planted")
		invoked := slow.Invoke
		slow.Invoke = func(ctx context.Context, q abi.ToolRequest) (*abi.ToolAnswer, error) {
			running <- struct{}{}
			<-end
			return invoked(ctx, q)
		}
		c.Tools = append(c.Tools, slow)
	})
	session := with("Mcp-Session-Id", w.begin(t))
	if got := w.status(t, "/readyz"); got != 200 {
		t.Fatalf("readyz: %d", got)
	}
	var late answer
	var group sync.WaitGroup
	group.Go(func() { late = w.call(t, "slow", `{}`) })
	within(t, running, "the slow call")
	w.mu.Lock()
	w.failLog = true
	w.mu.Unlock()
	close(end)
	group.Wait()
	for name, a := range map[string]answer{
		"a running call": late,
		"a call":         w.call(t, "echo", `{"t":"planted"}`),
		"an unknown one": w.call(t, "nosuch", `{}`),
		"a list":         w.post(t, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{`+metaBody+`}}`, modern("tools/list", "")),
		"a ping":         w.post(t, `{"jsonrpc":"2.0","id":1,"method":"ping"}`, session),
		"a notification": w.post(t, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, session),
		"a stream":       w.send(t, "GET", "", session),
		"an end":         w.send(t, "DELETE", "", session),
		"a checkpoint":   w.read(t, "GET", "/audit/checkpoint"),
		"a tile":         w.read(t, "GET", "/audit/tile/0/000"),
	} {
		if a.code != CodeUnavailable || a.status != 503 && a.status != 200 || strings.Contains(a.raw, "planted") || strings.Contains(a.raw, "secret") {
			t.Errorf("%s: %v", name, a)
		}
	}
	if got := w.status(t, "/readyz"); got != 503 {
		t.Errorf("readyz: %d", got)
	}
	if got := w.status(t, "/healthz"); got != 200 {
		t.Errorf("healthz: %d", got)
	}
	if got := w.tools(); got != "" {
		t.Errorf("%s ran", got)
	}
}
