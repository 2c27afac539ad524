package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// desk is a server in a folder of its own, and what it was asked.
type desk struct {
	*Server
	t     *testing.T
	dir   string
	asked atomic.Int32
}

// newDesk starts a server without a pace. change, if any, sees it before it accepts.
func newDesk(t *testing.T, change func(*Server)) *desk {
	t.Helper()
	d := &desk{t: t, dir: filepath.Join(t.TempDir(), "state")}
	do(t, os.Mkdir(d.dir, 0o700))
	d.Server = newServer(Config{Dir: d.dir, Handle: d.handle})
	d.pace.SetLimit(rate.Inf)
	if change != nil {
		change(d.Server)
	}
	do(t, d.listen())
	go d.accept()
	t.Cleanup(func() { d.Close(context.Background()) })
	return d
}

// handle answers with what it was asked.
func (d *desk) handle(_ context.Context, uid uint32, r Request) (json.RawMessage, error) {
	d.asked.Add(1)
	switch r.Action {
	case "host/no":
		return nil, errors.New("no \x1b[2J")
	case "host/panic":
		panic("act")
	case "host/nothing":
		return nil, nil
	case "host/large":
		return json.RawMessage(`"` + strings.Repeat("x", MaxAnswer) + `"`), nil
	case "host/broken":
		return json.RawMessage(`{`), nil
	}
	return json.Marshal(map[string]any{"uid": uid, "request": r})
}

// dial connects as somebody who speaks as he likes. The address works because the desk's folder has a descriptor.
func (d *desk) dial() net.Conn {
	d.t.Helper()
	c, err := net.Dial("unix", address(d.folder))
	do(d.t, err)
	d.t.Cleanup(func() { c.Close() })
	do(d.t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c
}

// say writes text as it is and returns what comes back.
func (d *desk) say(text string) string {
	d.t.Helper()
	c := d.dial()
	io.WriteString(c, text)
	line, err := io.ReadAll(c)
	if err != nil {
		d.t.Logf("reading: %v", err)
	}
	return string(line)
}

func (d *desk) ask(action string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return Ask(ctx, d.dir, Request{Action: action, Resource: "inspect"})
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnswers(t *testing.T) {
	d := newDesk(t, nil)
	info, err := os.Lstat(filepath.Join(d.dir, SocketName))
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	want := fmt.Sprintf(`{"request":{"action":"host/status","resource":"inspect"},"uid":%d}`, os.Geteuid())
	if got, err := d.ask("host/status"); err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := d.ask("host/nothing"); err != nil || string(got) != "null" {
		t.Errorf("%s, %v", got, err)
	}
	for action, text := range map[string]string{
		"host/no": `no \x1b[2J`, "host/panic": "panic: act", "host/large": "cannot be sent", "host/broken": "cannot be sent", "": "names no action",
	} {
		var refusal *Refusal
		if got, err := d.ask(action); !errors.As(err, &refusal) || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %s, %v", action, got, err)
		}
	}
}

// The path of a state directory may be longer than an address of a socket.
func TestLongPath(t *testing.T) {
	dir := t.TempDir() + "/" + strings.Repeat("d", 200)
	do(t, os.Mkdir(dir, 0o700))
	s, err := Listen(Config{Dir: dir, Handle: (&desk{}).handle})
	do(t, err)
	defer s.Close(context.Background())
	if _, err := Ask(t.Context(), dir, Request{Action: "host/status"}); err != nil {
		t.Error(err)
	}
}

// Whoever is neither root nor the host is turned away before a byte of his is read.
func TestServesRootAndTheHostAlone(t *testing.T) {
	me := uint32(os.Geteuid())
	for _, tt := range []struct {
		name string
		uid  uint32
		err  error
		ok   bool
	}{
		{"root", 0, nil, true},
		{"the host's own", me, nil, true},
		{"somebody", me + 1000, nil, false},
		{"nobody", 65534, nil, false},
		{"the largest", 1<<32 - 1, nil, false},
		{"unknown, as root", 0, errors.New("no credentials"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var refused []uint32
			d := newDesk(t, func(s *Server) {
				s.peer = func(*net.UnixConn) (uint32, error) { return tt.uid, tt.err }
				s.config.Refused = func(uid uint32) { refused = append(refused, uid) }
			})
			_, err := d.ask("host/status")
			if (err == nil) != tt.ok || (d.asked.Load() == 1) != tt.ok {
				t.Errorf("asked %d, %v", d.asked.Load(), err)
			}
			d.Close(context.Background())
			if heard := len(refused) == 1 && refused[0] == tt.uid; heard != (!tt.ok && tt.err == nil) {
				t.Errorf("heard of %v", refused)
			}
		})
	}
}

func TestMay(t *testing.T) {
	for _, tt := range []struct {
		uid, self uint32
		ok        bool
	}{{0, 0, true}, {0, 7, true}, {7, 7, true}, {7, 0, false}, {8, 7, false}, {1<<32 - 1, 7, false}} {
		if may(tt.uid, tt.self) != tt.ok {
			t.Errorf("uid %d at a host of uid %d: want %v", tt.uid, tt.self, tt.ok)
		}
	}
}

// The real credentials are the peer's own.
func TestPeer(t *testing.T) {
	d := newDesk(t, nil)
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: address(d.folder), Net: "unix"})
	do(t, err)
	defer c.Close()
	if uid, err := peer(c); err != nil || uid != uint32(os.Geteuid()) {
		t.Errorf("uid %d, %v", uid, err)
	}
	c.Close()
	if uid, err := peer(c); err == nil {
		t.Errorf("a closed connection is uid %d's", uid)
	}
}

func TestRefusesGarbage(t *testing.T) {
	d := newDesk(t, nil)
	const good = `{"action":"host/status"}`
	for _, tt := range []struct{ name, text, want string }{
		{"no JSON", "GET / HTTP/1.1\r\n", "decoding"},
		{"empty line", "\n", "decoding"},
		{"null", "null\n", "null"},
		{"array", "[]\n", "decoding"},
		{"unknown member", `{"action":"host/status","x":1}` + "\n", "unknown"},
		{"duplicate member", `{"action":"host/status","action":"host/no"}` + "\n", "duplicate"},
		{"other case", `{"Action":"host/status"}` + "\n", "unknown"},
		{"no action", "{}\n", "names no action"},
		{"wrong type", `{"action":1}` + "\n", "decoding"},
		{"bad UTF-8", "{\"action\":\"\xff\"}\n", "decoding"},
		{"two values on a line", good + good + "\n", "data after"},
		{"two lines", good + "\n" + good + "\n", "data after"},
		{"deep", strings.Repeat("[", 4000) + "\n", "nested"},
		{"too long", `{"action":"` + strings.Repeat("x", MaxRequest) + "\"}\n", "at most 4096 bytes"},
		{"longest line without an end", strings.Repeat(" ", MaxRequest), "at most 4096 bytes"},
		{"endless", strings.Repeat("\x00", 64<<10), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := d.say(tt.text)
			if tt.want != "" && (!strings.HasPrefix(got, `{"error":"`) || !strings.Contains(got, tt.want) || strings.Count(got, "\n") != 1) {
				t.Errorf("answer %q, want %q", got, tt.want)
			}
		})
	}
	if d.asked.Load() != 0 {
		t.Errorf("%d of them were handled", d.asked.Load())
	}
	if got := d.say(strings.Repeat(" ", MaxRequest-len(good)-1) + good + "\n"); !strings.Contains(got, "result") {
		t.Errorf("the longest line: %q", got)
	}
}

// Every request is an entry of the log, so there is a pace.
func TestPace(t *testing.T) {
	d := newDesk(t, func(s *Server) { s.pace = rate.NewLimiter(perSecond, burst) })
	refused := 0
	for range 3 * burst {
		if _, err := d.ask("host/status"); err != nil && strings.Contains(err.Error(), "too many requests") {
			refused++
		}
	}
	if n := int(d.asked.Load()); n < burst || n+refused != 3*burst || refused < burst {
		t.Errorf("%d handled, %d refused", n, refused)
	}
}
