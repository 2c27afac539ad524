package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// A shelf is a log with these parts.
type shelf map[string]string

func (s shelf) Checkpoint() []byte { return []byte(s["checkpoint"]) }

func (s shelf) Tile(path string) ([]byte, error) {
	switch part, ok := s[path]; {
	case !ok:
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	case part == "broken":
		return nil, errors.New("planted cause")
	default:
		return []byte(part), nil
	}
}

func withLog(s shelf) func(*world, *Config) {
	return func(_ *world, c *Config) { c.Audit = s }
}

var someLog = shelf{
	"checkpoint": "origin\n2\nroot\n\n\u2014 origin sig\n", "tile/0/000": "full", "tile/0/x001/x234/067": "far", "tile/0/001.p/17": "partial",
	"tile/entries/000": "\x00\x02{}", "tile/1/000": "broken",
}

// read asks for a part of the log as alice, unless options say otherwise. The path is sent as it is.
func (w *world) read(t testing.TB, method, path string, options ...option) answer {
	t.Helper()
	return w.send(t, method, "", append([]option{func(r *http.Request) { r.URL.Opaque = path }}, options...)...)
}

func TestReadingTheLog(t *testing.T) {
	w := serve(t, withLog(someLog))
	for path, part := range someLog {
		if part == "broken" {
			continue
		}
		for _, method := range []string{"GET", "HEAD"} {
			a := w.read(t, method, "/audit/"+path)
			want := part
			if method == "HEAD" {
				want = ""
			}
			if a.status != 200 || a.raw != want || a.header.Get("Content-Length") != fmt.Sprint(len(part)) || a.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %s: %v %v", method, path, a, a.header)
			}
			media, cache := "application/octet-stream", "private, max-age=31536000, immutable"
			if path == "checkpoint" {
				media, cache = "text/plain; charset=utf-8", "no-store"
			} else if a.header.Get("Vary") != "Authorization" {
				t.Errorf("%s: a cache would give one reader's to another: %v", path, a.header)
			}
			if a.header.Get("Content-Type") != media || a.header.Get("Cache-Control") != cache {
				t.Errorf("%s: %v", path, a.header)
			}
			if got := w.actions(); got != "audit/read" {
				t.Errorf("through the gate: %q", got)
			}
			w.mu.Lock()
			n := len(w.entries)
			d, r := w.entries[n-2], w.entries[n-1]
			w.mu.Unlock()
			if d.Kind != gate.KindDecision || r.Kind != gate.KindResult || d.Resource != path || r.Resource != path || r.Outcome != gate.Success || r.Actor != "alice" {
				t.Errorf("%+v %+v", d, r)
			}
		}
	}
}

func TestWhoMayNotReadTheLog(t *testing.T) {
	deny := func(w *world, c *Config) {
		c.Audit = someLog
		w.policy = denyAction("audit/read")
	}
	fails := func(w *world, c *Config) {
		c.Audit = someLog
		w.failLog = true
	}
	for _, tt := range []struct {
		name, method, path string
		change             func(*world, *Config)
		options            []option
		status             int
		action             string
	}{
		{"not there", "GET", "/audit/tile/0/999", withLog(someLog), nil, 404, "audit/read"},
		{"not there yet", "GET", "/audit/checkpoint", withLog(shelf{}), nil, 404, "audit/read"},
		{"broken", "GET", "/audit/tile/1/000", withLog(someLog), nil, 500, "audit/read"},
		{"denied", "GET", "/audit/checkpoint", deny, nil, 403, "audit/read"},
		{"denied, and not there", "GET", "/audit/tile/0/999", deny, nil, 403, "audit/read"},
		{"the log fails", "GET", "/audit/checkpoint", fails, nil, 503, "audit/read"},
		{"stranger", "GET", "/audit/checkpoint", withLog(someLog), []option{as("mallory")}, 401, ""},
		{"foreign host", "GET", "/audit/checkpoint", withLog(someLog), []option{host("evil.example")}, 403, ""},
		{"foreign page", "GET", "/audit/checkpoint", withLog(someLog), []option{with("Origin", "https://evil.example")}, 403, ""},
		{"two credentials", "GET", "/audit/checkpoint", withLog(someLog), []option{with("Authorization", "Bearer alice", "Bearer bob")}, 400, ""},
		{"no log is served", "GET", "/audit/checkpoint", nil, nil, 404, ""},
		{"query", "GET", "/audit/checkpoint?token=alice", withLog(someLog), nil, 404, ""},
		{"POST", "POST", "/audit/checkpoint", withLog(someLog), nil, 405, ""},
		{"PUT", "PUT", "/audit/tile/0/000", withLog(someLog), nil, 405, ""},
		{"DELETE", "DELETE", "/audit/tile/0/000", withLog(someLog), nil, 405, ""},
		{"OPTIONS of no page", "OPTIONS", "/audit/checkpoint", withLog(someLog), nil, 405, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(t, tt.change)
			a := w.read(t, tt.method, tt.path, tt.options...)
			if got := w.actions(); a.status != tt.status || got != tt.action {
				t.Errorf("%v; through the gate %q", a, got)
			}
			if strings.Contains(a.raw, "sig") || strings.Contains(a.raw, "planted") || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v %v", a, a.header)
			}
		})
	}
}

// Whatever is no path of a log, in the one spelling that it has, is not there, and the log hears nothing of it.
func TestPathsOfNoLog(t *testing.T) {
	w := serve(t, withLog(someLog))
	for _, path := range []string{
		"/audit", "/audit/", "/audit//checkpoint", "/audit/checkpoint/", "/audit/./checkpoint", "/audit/tile/../checkpoint", "/Audit/checkpoint",
		"/audit/Checkpoint", "/audit/checkpoin%74", "/audit/tile%2f0/000", "/audit/tile/0/%30%30%30", "/audit/checkpoint%00", "/audit/..%2fmcp",
		"/audit/tile", "/audit/tile/", "/audit/tile/0", "/audit/tile/0/", "/audit/tile/0/0", "/audit/tile/00/000", "/audit/tile/64/000", "/audit/tile/-1/000",
		"/audit/tile/0/x000/001", "/audit/tile/0/000.p/0", "/audit/tile/0/000.p/256", "/audit/tile/0/000.p/01", "/audit/tile/0/000.p", "/audit/tile/0/001/000",
		"/audit/tile/entries/", "/audit/tile/data/000", "/audit/log", "/audit/audit.pub", "/audit/00000000000000000000.log", "/audit/" + strings.Repeat("x", 5000),
		"/audit/tile/0/x999/x999/x999/x999/x999/x999/x999/999", "/audit/tile/0/%ef%bc%90%ef%bc%90%ef%bc%90",
	} {
		if a := w.read(t, "GET", path); a.status != 404 {
			t.Errorf("%.60s: %v", path, a)
		}
	}
	if got := w.actions(); got != "" {
		t.Errorf("through the gate: %q", got)
	}
}

// A page of the operator's may read, others' may not ask.
func TestPagesReadTheLog(t *testing.T) {
	w := serve(t, func(_ *world, c *Config) {
		c.Audit, c.Origins = someLog, []string{"https://board.example"}
	})
	page := with("Origin", "https://board.example")
	if a := w.read(t, "GET", "/audit/tile/0/000", page); a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://board.example" {
		t.Errorf("%v %v", a, a.header)
	}
	if a := w.read(t, "OPTIONS", "/audit/checkpoint", page, with("Access-Control-Request-Method", "GET")); a.status != 204 {
		t.Error(a)
	}
}

// A slow log keeps so many readers waiting, and the others hear that they must come back.
func TestReadsOfTheLogAreBounded(t *testing.T) {
	s := slowLog{make(chan struct{}), make(chan struct{})}
	w := serve(t, func(_ *world, c *Config) { c.Audit, c.Limits.LogReads = s, 2 })
	answers := make(chan answer, 2)
	for range 2 {
		go func() { answers <- w.read(t, "GET", "/audit/tile/0/000") }()
		within(t, s.begun, "a read")
	}
	if a := w.read(t, "GET", "/audit/tile/0/000"); a.status != 503 || a.code != CodeTooMany || a.header.Get("Retry-After") == "" {
		t.Errorf("a third read: %v", a)
	}
	close(s.end)
	for range 2 {
		if a := within(t, answers, "an answer"); a.status != 200 {
			t.Error(a)
		}
	}
	if a := w.read(t, "GET", "/audit/checkpoint"); a.status != 200 {
		t.Errorf("afterwards: %v", a)
	}
}

type slowLog struct{ begun, end chan struct{} }

func (slowLog) Checkpoint() []byte { return []byte("c") }

func (s slowLog) Tile(string) ([]byte, error) {
	s.begun <- struct{}{}
	<-s.end
	return []byte("t"), nil
}

// What policy sees of a read is the path below the prefix, so that rules are about parts of the log.
func TestPolicySeesThePath(t *testing.T) {
	var seen []string
	w := serve(t, func(w *world, c *Config) {
		c.Audit = someLog
		w.policy = func(q abi.PolicyRequest) abi.PolicyAnswer {
			seen = append(seen, q.Action+" "+q.Resource+" "+string(q.Arguments))
			return allow(q)
		}
	})
	w.read(t, "GET", "/audit/tile/0/x001/x234/067")
	if len(seen) != 1 || seen[0] != "audit/read tile/0/x001/x234/067 " {
		t.Errorf("%q", seen)
	}
}
