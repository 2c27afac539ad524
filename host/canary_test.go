package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Canaries are strings that occur nowhere else, each in one place where a client can put words.
type canaries struct {
	places []string
	logged map[string]string // those that the log may have, and why; by place
}

// plant returns a new one. It is of letters and digits, so that no escaping hides it.
func (c *canaries) plant(place string) string {
	c.places = append(c.places, place)
	return c.word(len(c.places) - 1)
}

// mayBeLogged is plant for what the log is about: what was asked for, and who asked.
func (c *canaries) mayBeLogged(place, why string) string {
	c.logged[place] = why
	return c.plant(place)
}

func (c *canaries) word(i int) string { return fmt.Sprintf("cnry%03dxq%03dz", i, (i*617+311)%1000) }

// forms are the spellings in which a word would still be known.
func forms(word string) [][]byte {
	out := [][]byte{[]byte(word), []byte(strings.ToUpper(word)), []byte(hex.EncodeToString([]byte(word)))}
	for shift := range 3 { // wherever it begins in what was encoded
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + word))
		out = append(out, []byte(text[4*((shift+2)/3):len(text)-4]))
	}
	return out
}

// found names the places whose canary is in data.
func (c *canaries) found(data []byte) map[string]bool {
	out := map[string]bool{}
	for i, place := range c.places {
		for _, form := range forms(c.word(i)) {
			if bytes.Contains(data, form) {
				out[place] = true
			}
		}
	}
	return out
}

// Whatever clients send, and tools answer, stays between the two: not in the log, whose digests bind it, not on the
// operator's terminal, not in what status says. The log has the names of what was asked for and of who asked, and nothing
// else that a client can choose.
func TestNoBodyEntersTheLog(t *testing.T) {
	c := &canaries{logged: map[string]string{}}
	dir, words := t.TempDir(), &lockedBuffer{}
	port := chattyHost(t, dir)
	for name, attack := range map[string]func(*visitor){
		"http": (*visitor).visit, "stdio": nil,
	} {
		args := []string{"run", "-m", filepath.Join(dir, "host.toml")}
		v := &visitor{T: t, c: c, dir: dir, at: "127.0.0.1:" + port}
		if attack == nil {
			stdio := strings.NewReader(v.lines())
			if code := execute(t.Context(), append(args, "--stdio"), stdio, io.Discard, words); code != exitOK {
				t.Errorf("%s: exit %d: %s", name, code, words)
			}
			continue
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan int, 1)
		go func() { ended <- execute(ctx, args, strings.NewReader(""), words, words) }()
		v.ready()
		attack(v)
		var status strings.Builder
		execute(ctx, []string{"status", "-m", filepath.Join(dir, "host.toml"), "--json"}, nil, &status, &status)
		if got := c.found([]byte(status.String())); len(got) > 0 || !strings.Contains(status.String(), "bulkhead/inspect") {
			t.Errorf("status has %v: %s", got, &status)
		}
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("%s: exit %d: %s", name, code, words)
		}
	}
	if got := c.found([]byte(words.String())); len(got) > 0 {
		t.Errorf("the terminal has %v:\n%s", got, words)
	}
	c.search(t, filepath.Join(dir, "state"))
}

// search looks into every file of the state folder.
func (c *canaries) search(t *testing.T, folder string) {
	t.Helper()
	files, seen := 0, map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for place := range c.found(data) {
			seen[place] = true
			if c.logged[place] == "" || !strings.HasPrefix(path, filepath.Join(folder, "audit")) {
				t.Errorf("%s has what was planted in: %s", path, place)
			}
		}
		return err
	})
	if err != nil || files < 3 {
		t.Errorf("looked into %d files: %v", files, err)
	}
	for place, why := range c.logged { // else this test would find nothing at all
		if !seen[place] {
			t.Errorf("the log has not %s: %s", place, why)
		}
	}
}

// lockedBuffer is a bytes.Buffer for several.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// chattyHost is the quickstart and a tool that repeats what it is told.
func chattyHost(t *testing.T, dir string) (port string) {
	t.Helper()
	from, err := quickstart()
	if err != nil {
		t.Fatal(err)
	}
	if port, err = freePort(); err != nil {
		t.Fatal(err)
	}
	env, err := goEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	if err := copyQuickstart(from, dir, port); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"plugin", "new", "bulkhead/hello", "--role", "tool", "--folder", dir + "/hello"},
		{"plugin", "build", dir + "/hello", "-o", dir + "/bundles/hello"},
		{"plugin", "sign", dir + "/bundles/hello", "--key", dir + "/keys/publisher.key"},
	} {
		if err := host(args...); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(dir+"/host.toml", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(`
[plugin.hello]
bundle = "bundles/hello"
is = "bulkhead/hello"
role = "tool"
backend = "wazero"
isolation = "inline"
memory = "64MiB"
timeout = "5s"
fuel = "2G"
prefix = ""
grant = {}

[[plugin.abac.config.rules]]
name = "all-are-greeted"
effect = "allow"
principals = ["*"]
actions = ["tools/call"]
resources = ["greet", "?", "cnry*"]
`); err != nil {
		t.Fatal(err)
	}
	return port
}

// A visitor says things to a host.
type visitor struct {
	*testing.T
	c     *canaries
	dir   string
	at    string // host:port
	token string
}

func (v *visitor) ready() {
	v.Helper()
	for range 1200 {
		resp, err := http.Get("http://" + v.at + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	v.Fatal("the host did not become ready")
}

// mint makes a token that the host takes.
func (v *visitor) mint(subject, claim string) string {
	v.Helper()
	var out strings.Builder
	if code := execute(v.Context(), []string{"token", "--key", v.dir + "/keys/token.key", "--subject", subject, "--claim", "role=operator", "--claim", "note=" + claim}, nil, &out, &out); code != exitOK {
		v.Fatal(out.String())
	}
	return strings.TrimSpace(out.String())
}

// send makes one request and returns what came back. Header fields come in pairs.
func (v *visitor) send(method, path, body string, header ...string) string {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), method, "http://"+v.at+path, strings.NewReader(body))
	if err != nil {
		v.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+v.token)
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		v.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		v.Fatal(err)
	}
	return string(answer)
}

// raw sends bytes that are no HTTP, or no good one.
func (v *visitor) raw(text string) {
	v.Helper()
	conn, err := net.Dial("tcp", v.at)
	if err != nil {
		v.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	io.WriteString(conn, text)
	io.Copy(io.Discard, conn)
}
