package gateway

import (
	"bufio"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
)

// A talk is a raw peer on stdio.
type talk struct {
	w    *world
	in   *io.PipeWriter
	out  *bufio.Reader
	done chan error
	stop context.CancelFunc
}

func (w *world) talk(t *testing.T) *talk {
	t.Helper()
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	k := &talk{w: w, in: toServer, out: bufio.NewReader(fromServer), done: make(chan error, 1), stop: cancel}
	go func() {
		k.done <- w.ServeStdio(ctx, in, out)
		out.Close()
	}()
	t.Cleanup(func() { cancel(); toServer.Close(); fromServer.Close() })
	return k
}

func (k *talk) say(t *testing.T, lines ...string) {
	t.Helper()
	if _, err := io.WriteString(k.in, strings.Join(lines, "\n")+"\n"); err != nil {
		t.Fatal(err)
	}
}

func (k *talk) hear(t *testing.T) answer {
	t.Helper()
	got := make(chan string, 1)
	go func() {
		l, _ := k.out.ReadString('\n')
		got <- l
	}()
	return readAnswer(0, nil, []byte(within(t, got, "an answer")))
}

func (k *talk) ask(t *testing.T, line string) answer {
	t.Helper()
	k.say(t, line)
	return k.hear(t)
}

func stdioWorld(t *testing.T, tools ...Tool) *world {
	return newWorld(t, func(_ *world, c *Config) {
		c.Credential = &abi.Credential{Scheme: "bearer", Value: "alice"}
		c.Tools = append(c.Tools, tools...)
	})
}

func TestStdioBothGenerations(t *testing.T) {
	w := stdioWorld(t)
	k := w.talk(t)
	if a := k.ask(t, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`); a.code == 0 {
		t.Errorf("before initialize: %v", a)
	}
	if a := k.ask(t, initializeBody); a.result["protocolVersion"] != "2025-11-25" {
		t.Error(a)
	}
	if a := k.ask(t, callBody("echo", `{"t":"one"}`)); a.result["resultType"] != "complete" || !strings.Contains(a.raw, "alice says one") {
		t.Error(a)
	}
	k.say(t, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	a := k.ask(t, `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo","arguments":{"t":"two"}}}`)
	if a.result["resultType"] != nil || !strings.Contains(a.raw, "alice says two") {
		t.Error(a)
	}
	if a := k.ask(t, `{"jsonrpc":"2.0","id":4,"method":"resources/list"}`); a.code != -32601 || a.data["call"] == nil {
		t.Error(a)
	}
	k.say(t, `{"jsonrpc":"2.0","id":5,"result":{}}`) // a response to nothing has no answer
	k.in.Close()
	if err := within(t, k.done, "ServeStdio"); err != nil {
		t.Error(err)
	}
	want := "tools/list initialize tools/call notifications/initialized tools/call resources/list client/response"
	if got := w.actions(); got != want {
		t.Errorf("through the gate: %q, want %q", got, want)
	}
	if w.asked != 0 {
		t.Error("stdio authenticated outside of Do")
	}
	if rest, _ := io.ReadAll(k.out); len(rest) != 0 {
		t.Errorf("more on stdout: %q", rest)
	}
}

func TestStdioMalformed(t *testing.T) {
	w := stdioWorld(t)
	k := w.talk(t)
	for _, c := range malformed {
		if strings.Contains(c.body, "\n") && c.code == -32700 {
			continue
		}
		line := strings.ReplaceAll(c.body, "\n", " ")
		if a := k.ask(t, line); a.code != c.code || a.id != nil {
			t.Errorf("%s: %.300v, want %d", c.name, a, c.code)
		}
	}
	if a := k.ask(t, `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"`+strings.Repeat("x", 2<<20)+`"}}`); a.code != -32600 {
		t.Error(a)
	}
	if got := w.actions() + w.tools(); got != "" {
		t.Errorf("through the gate: %q", got)
	}
	if a := k.ask(t, callBody("echo", `{"t":"x"}`)); a.result == nil {
		t.Errorf("after all that: %v", a)
	}
}

// The same table of methods as over HTTP: each message once.
func TestStdioNothingGoesPastTheGate(t *testing.T) {
	w := stdioWorld(t)
	k := w.talk(t)
	k.ask(t, initializeBody)
	w.actions()
	for _, m := range []string{"initialize", "ping", "tools/list", "tools/call", "server/discover", "prompts/list", "subscriptions/listen", "no/such"} {
		for _, p := range []string{``, `,"params":{}`, `,"params":{"name":5}`, `,"params":{"_meta":5}`, `,"params":{` + metaBody + `}`,
			`,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2999-01-01","io.modelcontextprotocol/clientCapabilities":{}}}`} {
			a := k.ask(t, `{"jsonrpc":"2.0","id":"i","method":"`+m+`"`+p+`}`)
			if got := w.actions(); got != m || a.id != "i" {
				t.Errorf("%s %s: through the gate %q, %v", m, p, got, a)
			}
			checkShort(t, m+p, a)
		}
	}
	for _, n := range []string{"notifications/cancelled", "notifications/progress", "notifications/no-such", "tools/call"} {
		k.say(t, `{"jsonrpc":"2.0","method":"`+n+`","params":{"requestId":1,"progressToken":1,"progress":1}}`)
		k.ask(t, `{"jsonrpc":"2.0","id":1,"method":"ping"}`)
		if got := w.actions(); got != n+" ping" {
			t.Errorf("%s: through the gate %q", n, got)
		}
	}
}

// A cancellation that policy denies cancels nothing.
func TestStdioCancellationIsDecided(t *testing.T) {
	running, ended := make(chan struct{}, 1), make(chan error, 1)
	w := stdioWorld(t, block("block", running, ended))
	k := w.talk(t)
	w.mu.Lock()
	w.policy = denyAction("notifications/cancelled")
	w.mu.Unlock()
	k.say(t, callBody("block", `{}`))
	<-running
	cancelled := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`
	k.say(t, cancelled)
	if a := k.ask(t, `{"jsonrpc":"2.0","id":8,"method":"tools/list","params":{`+metaBody+`}}`); a.id != 8.0 {
		t.Error(a)
	}
	select {
	case err := <-ended:
		t.Errorf("denied, and cancelled all the same: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	w.mu.Lock()
	w.policy = allow
	w.mu.Unlock()
	k.say(t, cancelled)
	if err := within(t, ended, "the cancelled tool"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if a := k.hear(t); a.id != 7.0 || a.code != CodeFailed {
		t.Error(a)
	}
}

func TestStdioIDInUse(t *testing.T) {
	running, ended := make(chan struct{}, 3), make(chan error, 3)
	w := stdioWorld(t, block("block", running, ended))
	w.Limits.StdioCalls = 2
	k := w.talk(t)
	k.say(t, callBody("block", `{}`))
	<-running
	if a := k.ask(t, callBody("echo", `{"t":"x"}`)); a.code != -32600 || a.id != nil {
		t.Error(a)
	}
	k.say(t, strings.Replace(callBody("block", `{}`), `"id":7`, `"id":8`, 1))
	<-running
	if a := k.ask(t, strings.Replace(callBody("echo", `{"t":"x"}`), `"id":7`, `"id":9`, 1)); a.code != CodeTooMany || a.id != 9.0 {
		t.Error(a)
	}
	if got := w.actions(); got != "tools/call tools/call tools/call tools/call" {
		t.Errorf("through the gate: %q", got)
	}
}

// Input that ends, or a host that stops, lets running calls finish.
func TestStdioDrains(t *testing.T) {
	for _, how := range []string{"end of input", "stop"} {
		t.Run(how, func(t *testing.T) {
			before := runtime.NumGoroutine()
			running, finish := make(chan struct{}), make(chan struct{})
			slow := text("slow", "")
			slow.Invoke = func(ctx context.Context, _ abi.ToolRequest) (*abi.ToolAnswer, error) {
				close(running)
				<-finish
				return &abi.ToolAnswer{}, ctx.Err()
			}
			w := stdioWorld(t, slow)
			k := w.talk(t)
			k.say(t, callBody("slow", `{}`))
			<-running
			if how == "stop" {
				k.stop()
			} else {
				k.in.Close()
			}
			time.AfterFunc(100*time.Millisecond, func() { close(finish) })
			if a := k.hear(t); a.result == nil {
				t.Error(a)
			}
			if err := within(t, k.done, "ServeStdio"); err != nil {
				t.Error(err)
			}
			settled(t, before+1) // the gate's own
		})
	}
}

// A call that ignores its cancellation does not keep the host from stopping.
func TestStdioGivesUp(t *testing.T) {
	running, finish := make(chan struct{}), make(chan struct{})
	deaf := text("deaf", "")
	deaf.Invoke = func(context.Context, abi.ToolRequest) (*abi.ToolAnswer, error) {
		close(running)
		<-finish
		return nil, errRefused
	}
	w := stdioWorld(t, deaf)
	w.Limits.Grace = 50 * time.Millisecond
	k := w.talk(t)
	k.say(t, callBody("deaf", `{}`))
	<-running
	k.stop()
	if err := within(t, k.done, "ServeStdio"); err == nil || !strings.Contains(err.Error(), "still running") {
		t.Error(err)
	}
	close(finish)
}

func TestStdioCredential(t *testing.T) {
	for _, c := range []struct {
		credential *abi.Credential
		want       string
	}{
		{nil, "anonymous says x"},
		{&abi.Credential{Scheme: "bearer", Value: "bob"}, "bob says x"},
		{&abi.Credential{Scheme: "bearer", Value: "mallory"}, `"code":-32012`},
	} {
		w := newWorld(t, func(_ *world, cfg *Config) { cfg.Credential = c.credential })
		if a := w.talk(t).ask(t, callBody("echo", `{"t":"x"}`)); !strings.Contains(a.raw, c.want) {
			t.Errorf("%v, want %s", a, c.want)
		}
	}
}

// A peer that stops reading has hung up: its calls are cancelled, and that is no error.
func TestStdioHangingUp(t *testing.T) {
	running, ended := make(chan struct{}, 1), make(chan error, 1)
	w := stdioWorld(t, block("block", running, ended))
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- w.ServeStdio(context.Background(), in, out) }()
	k := &talk{w: w, in: toServer}
	k.say(t, callBody("block", `{}`))
	<-running
	fromServer.Close()
	k.say(t, `{"jsonrpc":"2.0","id":1,"method":"no/such"}`)
	if err := within(t, ended, "the abandoned tool"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := within(t, done, "ServeStdio"); err != nil {
		t.Error(err)
	}
}
