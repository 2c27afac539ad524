package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"bulkhead/abi"
)

// listen serves the world the way the host does, until the test ends.
func (w *world) listen(t testing.TB) (stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Serve(ctx, l) }()
	stopped := false
	stop = func() error {
		stopped = true
		cancel()
		return within(t, done, "Serve")
	}
	t.Cleanup(func() {
		if !stopped {
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return stop
}

// get opens a standing stream and returns when its header is there.
func (w *world) get(t *testing.T, session string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, w.url+Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []option{as("alice"), with("Accept", "text/event-stream"), with("Mcp-Session-Id", session)} {
		o(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func drained(r *http.Response) <-chan struct{} {
	done := make(chan struct{})
	go func() { io.Copy(io.Discard, r.Body); close(done) }()
	return done
}

// A stop lets a running call finish, ends streams and sessions, refuses what is new, and leaves nothing behind.
func TestGracefulStop(t *testing.T) {
	before := runtime.NumGoroutine()
	running, finish := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(_ *world, c *Config) {
		slow := text("slow", "")
		slow.Invoke = func(ctx context.Context, _ abi.ToolRequest) (*abi.ToolAnswer, error) {
			close(running)
			<-finish
			return &abi.ToolAnswer{Content: []abi.Content{{Type: "text", Text: "done"}}}, ctx.Err()
		}
		c.Tools = append(c.Tools, slow)
	})
	stop := w.listen(t)
	stream := w.get(t, w.begin(t))
	answers := make(chan answer, 1)
	go func() { answers <- w.call(t, "slow", `{}`) }()
	<-running
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	within(t, drained(stream), "the stream's end")
	if w.ready() == nil {
		t.Error("ready while stopping")
	}
	refusesConnections(t, strings.TrimPrefix(w.url, "http://"))
	close(finish)
	if a := within(t, answers, "the answer"); a.status != 200 || !strings.Contains(a.raw, "done") {
		t.Error(a)
	}
	if err := within(t, stopped, "the stop"); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
	settled(t, before+1) // the gate's own
}

// refusesConnections waits until a server that is stopping has closed its listener, which it does within moments of ending
// its streams.
func refusesConnections(t *testing.T, address string) {
	t.Helper()
	for range 100 {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return
		}
		c.Close()
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("new connections while stopping")
}

// settled waits for the goroutines of a test to end.
func settled(t *testing.T, before int) {
	t.Helper()
	for range 300 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("goroutines were left behind: %s", stacks[:runtime.Stack(stacks, true)])
}

// After the grace a call is cancelled, and one that does not listen is left.
func TestStopCancelsAfterTheGrace(t *testing.T) {
	running, ended := make(chan struct{}, 1), make(chan error, 1)
	w := newWorld(t, func(_ *world, c *Config) {
		c.Limits.Grace = 50 * time.Millisecond
		c.Tools = append(c.Tools, block("block", running, ended))
	})
	stop := w.listen(t)
	r := w.request(t, "POST", callBody("block", `{}`), modern("tools/call", "block"))
	go func() { // whatever comes of it: the host may cut the connection
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	<-running
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := within(t, ended, "the tool"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestOnlyLoopback(t *testing.T) {
	w := newWorld(t, nil)
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := w.Serve(ctx, l); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Error(err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is still open")
	}
}

func TestHealth(t *testing.T) {
	notReady := errors.New("secret reason")
	w := serve(t, func(_ *world, c *Config) { c.Ready = func() error { return notReady } })
	get := func(path, method string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	if status, body := get("/healthz", "GET"); status != 200 || body != "ok\n" {
		t.Error(status, body)
	}
	if status, body := get("/readyz", "GET"); status != 503 || body != "unavailable\n" {
		t.Error(status, body)
	}
	notReady = nil
	if status, _ := get("/readyz", "HEAD"); status != 200 {
		t.Error(status)
	}
	if status, _ := get("/healthz", "POST"); status != 405 {
		t.Error(status)
	}
	if w.asked != 0 || w.actions() != "" {
		t.Error("health asked the gate")
	}
}

// A client that never ends its header is cut off, and meanwhile others are served.
func TestSlowHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.listen(t)
	c := w.dial(t)
	fmt.Fprintf(c, "POST /mcp HTTP/1.1\r\nHost: %s\r\nX-A: ", strings.TrimPrefix(w.url, "http://"))
	if a := w.call(t, "echo", `{"t":"x"}`); a.status != 200 {
		t.Error(a)
	}
	c.SetReadDeadline(time.Now().Add(headerTime + 3*time.Second))
	if b, err := io.ReadAll(c); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(string(b), "200") {
		t.Errorf("%q, %v", b, err)
	}
}

func (w *world) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A client that never ends its body is cut off.
func TestSlowBody(t *testing.T) {
	w := newWorld(t, func(_ *world, c *Config) { c.Limits.ReadTime = 100 * time.Millisecond })
	w.listen(t)
	c := w.dial(t)
	fmt.Fprintf(c, "POST /mcp HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer alice\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", strings.TrimPrefix(w.url, "http://"))
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != 400 {
		t.Error(resp, err)
	}
}

func TestLargeHeader(t *testing.T) {
	w := newWorld(t, nil)
	w.listen(t)
	c := w.dial(t)
	go fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: %s\r\nX-A: %s\r\n\r\n", strings.TrimPrefix(w.url, "http://"), strings.Repeat("x", 32<<10))
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	b, err := io.ReadAll(c)
	if strings.HasPrefix(string(b), "HTTP/1.1 200") || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q, %v", b, err)
	}
}

func TestConnectionLimit(t *testing.T) {
	w := newWorld(t, func(_ *world, c *Config) { c.Limits.Connections = 2 })
	w.listen(t)
	first := w.dial(t)
	w.dial(t)
	third := w.dial(t)
	third.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := third.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a third connection: %v", err)
	}
	first.Close()
	for range 100 {
		if resp, err := http.Get(w.url + "/healthz"); err == nil {
			resp.Body.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the place of a closed connection stays taken")
}

func TestStreams(t *testing.T) {
	w := serve(t, func(_ *world, c *Config) { c.Limits.Streams = 1 })
	session := w.begin(t)
	stream := w.get(t, session)
	if stream.StatusCode != 200 || w.actions() != "stream/open" {
		t.Fatal(stream.Status)
	}
	other := w.begin(t)
	if resp := w.get(t, other); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a second stream: %s", resp.Status)
	}
	if a := w.send(t, http.MethodDelete, "", with("Mcp-Session-Id", session)); a.status != 204 {
		t.Error(a)
	}
	within(t, drained(stream), "the stream's end")
	for range 200 {
		if resp := w.get(t, other); resp.StatusCode == 200 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the place of an ended stream stays taken")
}

// A stream does not outlive the credential that opened it.
func TestStreamEndsWithItsCaller(t *testing.T) {
	w := serve(t, nil)
	session := w.begin(t)
	w.expires = 300 * time.Millisecond
	within(t, drained(w.get(t, session)), "the stream's end")
}

func TestIdleSessionEnds(t *testing.T) {
	w := serve(t, func(_ *world, c *Config) { c.Limits.SessionIdle = 50 * time.Millisecond })
	session := with("Mcp-Session-Id", w.begin(t))
	for range 200 {
		if a := w.post(t, `{"jsonrpc":"2.0","id":1,"method":"no/such"}`, session); a.status != 200 {
			t.Fatal(a) // such requests do not reach the library, and keep nothing alive there
		}
		if len(w.sessions.live()) == 0 {
			a := w.post(t, `{"jsonrpc":"2.0","id":1,"method":"ping"}`, session)
			if a.status != 404 || a.text != noSession().err.Message {
				t.Error(a)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the session never ends")
}

// A reader that does not read is cut off, and its call ends.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *Config) {
		c.Limits.WriteTime = 200 * time.Millisecond
		c.Tools = append(c.Tools, text("large", strings.Repeat("x", 15<<20)))
	})
	w.listen(t)
	c := w.dial(t)
	body := callBody("large", `{}`)
	fmt.Fprintf(c, "POST /mcp HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer alice\r\nContent-Type: application/json\r\nAccept: */*\r\nMcp-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: large\r\nContent-Length: %d\r\n\r\n%s",
		strings.TrimPrefix(w.url, "http://"), len(body), body)
	c.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := c.Read(make([]byte, 1)); err != nil { // the answer has begun
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	n, err := io.Copy(io.Discard, c)
	if n > 15<<20 {
		t.Errorf("a client that did not read got %d bytes, %v", n, err)
	}
}

// A stranger who announces a body and never sends it holds a connection no longer than the answer takes.
func TestUnreadBodiesHoldNothing(t *testing.T) {
	w := newWorld(t, func(_ *world, c *Config) { c.Limits.ReadTime = time.Second })
	w.listen(t)
	address := strings.TrimPrefix(w.url, "http://")
	length, chunked := "Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"
	head := func(line, host string) string {
		return line + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
	}
	for name, request := range map[string]string{
		"no credential":          head("POST /mcp", address) + length,
		"no credential, chunked": head("POST /mcp", address) + chunked,
		"bad credential":         head("POST /mcp", address) + "Authorization: Bearer nobody\r\n" + length,
		"foreign host":           head("POST /mcp", "evil.example") + length,
		"unknown path":           head("POST /", address) + length,
		"health":                 head("POST /healthz", address) + length,
		"wrong method":           head("PUT /mcp", address) + chunked,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, request); err != nil {
				t.Fatal(err)
			}
			c.SetReadDeadline(time.Now().Add(5 * time.Second))
			answer, err := io.ReadAll(c)
			if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
				t.Errorf("%.40q, %v", answer, err)
			}
		})
	}
}
